// Reads all of YAML by the library `yaml`, with bounds on its size, depth and aliases, and every scalar as a string.
import type { Document, LineCounter, YAMLError } from 'yaml';
import { maximumYamlDepth, maximumYamlTokens } from '../limits.ts';
import { NodeConverter, type Report, type YamlLibrary } from './node-converter.ts';
import type { YamlError, YamlNode, YamlReading } from './yaml-node.ts';

const nothing: YamlNode = { kind: 'empty', line: 1 };

/** Further errors of syntax in one file follow from the first ones most often. */
const mostErrors = 10;

/** The value of any YAML file with one document. Takes a second and 200 MB for 3 MB of lists of images. */
export async function readLibraryYaml(text: string): Promise<YamlReading> {
  const library = await import('yaml');
  const lines = new library.LineCounter();
  const errors: YamlError[] = [];
  const report: Report = (offset, message) => {
    const { line, col: column } = lines.linePos(offset);
    // A second error of a line says less than the first.
    if (errors.length < mostErrors && errors.at(-1)?.line !== line) {
      errors.push({ line, column, message });
    }
  };
  const documents = composeDocuments(library, lines, text, report);
  for (const { pos, message } of documents.flatMap(problemsOf)) {
    report(pos[0], `malformed YAML: ${firstWords(message)}`);
  }
  const converter = new NodeConverter(library, lines, report);
  const roots = errors.length > 0 ? [] : documents.map(({ contents }) => converter.convert(contents));
  const [root = nothing, ...others] = roots.filter(({ kind }) => kind !== 'empty');
  for (const { line } of others.slice(0, 1)) {
    errors.push({ line, column: 1, message: 'the file has more than one YAML document' });
  }
  return { root, errors };
}

/** The library quotes tokens in its messages, and a token may be as long as the file. */
function firstWords(message: string): string {
  const most = 200;
  const [line = ''] = message.split('\n', 1);
  return line.length > most ? `${line.slice(0, most)}…` : line;
}

function problemsOf({ errors, warnings }: Document.Parsed): YAMLError[] {
  return [...errors, ...warnings].sort((a, b) => a.pos[0] - b.pos[0]);
}

/** Composing a document recurses and takes memory for each token, so the bounds are checked before. */
function composeDocuments(
  { Composer, Lexer, Parser }: YamlLibrary,
  lines: LineCounter,
  text: string,
  report: Report,
): Document.Parsed[] {
  lines.addNewLine(0);
  const parser = new Parser(lines.addNewLine);
  const composer = new Composer({ schema: 'failsafe', resolveKnownTags: false, uniqueKeys: false });
  const documents: Document.Parsed[] = [];
  let tokens = 0;
  let malformed = 0;
  for (const lexeme of new Lexer().lex(text)) {
    tokens += 1;
    const parts = [...parser.next(lexeme)];
    if (tokens > maximumYamlTokens) {
      report(parser.offset, `the file has more than ${maximumYamlTokens} YAML tokens`);
      return [];
    }
    // One level more is the document, and one the scalar that is being read.
    if (parser.stack.length > maximumYamlDepth + 2) {
      report(parser.offset, `maps and lists are nested more than ${maximumYamlDepth} levels deep`);
      return [];
    }
    for (const part of parts) {
      malformed += part.type === 'error' ? 1 : 0;
      documents.push(...composer.next(part));
    }
    if (malformed > mostErrors) {
      break;
    }
  }
  documents.push(...composer.compose(parser.end(), true, text.length));
  return documents;
}
