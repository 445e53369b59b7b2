// What usual tokens are converted to, and what the composer of the library makes of the same text: both must agree.
import * as library from 'yaml';
import { ErrorList } from '../../src/yaml/error-list.ts';
import { ListBeginnings } from '../../src/yaml/list-beginnings.ts';
import { NodeConverter } from '../../src/yaml/node-converter.ts';
import { UsualTokens } from '../../src/yaml/usual-tokens.ts';

function tokensOf(text: string) {
  const lines = new library.LineCounter();
  return { lines, tokens: [...new library.Parser(lines.addNewLine).parse(text)] };
}

/** The text by its tokens, and where the items of a list end that is the whole text; undefined for what is not usual. */
export function usualOf(text: string) {
  const { lines, tokens } = tokensOf(text);
  const usual = new UsualTokens(lines, new ListBeginnings());
  const document = tokens.find(({ type }) => type === 'document') as library.CST.Document | undefined;
  const list = document?.value?.type === 'block-seq' ? usual.list(document.value) : undefined;
  const root = usual.stream(tokens);
  return root && { root, end: list?.end };
}

/** The same by the composer; `problems` is what it reports, and what its nodes cannot be converted for. */
export function composedOf(text: string) {
  const { lines, tokens } = tokensOf(text);
  const composer = new library.Composer({
    schema: 'failsafe',
    resolveKnownTags: false,
    uniqueKeys: false,
    keepSourceTokens: true,
  });
  const problems = new ErrorList(lines);
  const documents = [...composer.compose(tokens, true, text.length)];
  const converter = new NodeConverter(library, lines, new ListBeginnings(), problems);
  const [root] = documents.map((document) => {
    problems.addProblems(document);
    return converter.convert(document.contents);
  });
  const [{ contents } = {}] = documents;
  const end = library.isSeq(contents) && !contents.flow ? contents.range?.[1] : undefined;
  return { root, end, documents: documents.length, problems: problems.errors() };
}
