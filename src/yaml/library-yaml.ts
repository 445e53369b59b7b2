// Reads all of YAML by the library `yaml`, with bounds on its size, depth and aliases, and every scalar as a string.
import type { CST, Document, Parser } from 'yaml';
import { collectGarbage } from '../garbage.ts';
import { maximumYamlDepth, maximumYamlTokens } from '../limits.ts';
import { ErrorList, mostErrors } from './error-list.ts';
import { takeBeginning } from './list-beginnings.ts';
import { NodeConverter, type YamlLibrary } from './node-converter.ts';
import type { YamlNode, YamlReading } from './yaml-node.ts';

const nothing: YamlNode = { kind: 'empty', line: 1 };

/** So many tokens are held before what is finished of a list is converted: some megabytes. */
const tokensOfPiece = 4_096;

/** After so many pieces garbage is collected: what the library leaves is old to the runtimes, which collect that late. */
const piecesPerCollection = 16;

/**
 * The value of any YAML file with one document. Takes a second and 30 MB for 3 MB of lists of images, which are converted
 * in pieces of so many tokens; 200 MB for the same in one map, or with aliases.
 */
export async function readLibraryYaml(
  text: string,
  pieceTokens: number = tokensOfPiece,
): Promise<YamlReading> {
  return new Reading(await import('yaml'), text).read(pieceTokens);
}

class Reading {
  readonly #library: YamlLibrary;
  readonly #text: string;
  readonly #parser: Parser;
  readonly #malformed: ErrorList;
  readonly #unusable: ErrorList;
  readonly #converter: NodeConverter;

  constructor(library: YamlLibrary, text: string) {
    const lines = new library.LineCounter();
    lines.addNewLine(0);
    this.#library = library;
    this.#text = text;
    this.#parser = new library.Parser(lines.addNewLine);
    this.#malformed = new ErrorList(lines);
    this.#unusable = new ErrorList(lines);
    this.#converter = new NodeConverter(library, lines, this.#unusable);
  }

  read(pieceTokens: number): YamlReading {
    const documents = this.#compose(this.#tokens(pieceTokens), this.#text.length);
    const isMalformed = this.#malformed.size > 0;
    const roots = isMalformed ? [] : documents.map(({ contents }) => this.#converter.convert(contents));
    const [root = nothing, ...others] = roots.filter(({ kind }) => kind !== 'empty');
    const errors = (isMalformed ? this.#malformed : this.#unusable).errors();
    for (const { line } of others.slice(0, 1)) {
      errors.push({ line, column: 1, message: 'the file has more than one YAML document' });
    }
    return { root, errors };
  }

  /** The documents of tokens; what is malformed in them is reported. */
  #compose(tokens: Iterable<CST.Token>, end: number): Document.Parsed[] {
    const composer = new this.#library.Composer({
      schema: 'failsafe',
      resolveKnownTags: false,
      uniqueKeys: false,
      keepSourceTokens: true,
    });
    const documents = [...composer.compose(tokens, true, end)];
    for (const document of documents) {
      this.#malformed.addProblems(document);
    }
    return documents;
  }

  /**
   * The tokens of the text. Composing a document recurses and takes memory for each of them, so the bounds are checked
   * before.
   */
  *#tokens(pieceTokens: number): Generator<CST.Token> {
    const parser = this.#parser;
    let tokens = 0;
    let malformed = 0;
    let mayBegin = true;
    for (const lexeme of new this.#library.Lexer().lex(this.#text)) {
      tokens += 1;
      const parts = [...parser.next(lexeme)];
      if (tokens > maximumYamlTokens) {
        this.#malformed.add(parser.offset, `the file has more than ${maximumYamlTokens} YAML tokens`);
        return;
      }
      // One level more is the document, and one the scalar that is being read.
      if (parser.stack.length > maximumYamlDepth + 2) {
        this.#malformed.add(
          parser.offset,
          `maps and lists are nested more than ${maximumYamlDepth} levels deep`,
        );
        return;
      }
      malformed += parts.filter(({ type }) => type === 'error').length;
      yield* parts;
      if (malformed > mostErrors || this.#malformed.size > mostErrors) {
        break;
      }
      // An alias may stand for what is not converted yet, a directive changes what tags mean, and a key may be a list.
      mayBegin &&= !/^[&*%?]/.test(lexeme);
      if (mayBegin && tokens % pieceTokens === 0) {
        this.#convertBeginning();
      }
      if (tokens % (piecesPerCollection * tokensOfPiece) === 0) {
        collectGarbage();
      }
    }
    yield* parser.end();
  }

  /** Converts what is finished of a list that is being parsed, and lets the parser forget it. */
  #convertBeginning(): void {
    const beginning = takeBeginning(this.#parser.stack);
    const [composed] = beginning ? this.#compose([beginning.document], 0) : [];
    if (!beginning || !composed?.contents) {
      return;
    }
    if (this.#malformed.size === 0) {
      this.#converter.begin(beginning.list, composed.contents);
    }
    // What is malformed between two items is reported where the first one ends.
    [, beginning.list.offset] = composed.contents.range;
  }
}
