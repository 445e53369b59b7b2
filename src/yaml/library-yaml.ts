// Reads all of YAML by the library `yaml`, with bounds on its size, depth and aliases, and every scalar as a string.
import type { CST, Document, Parser } from 'yaml';
import { collectGarbage } from '../garbage.ts';
import { maximumYamlDepth, maximumYamlTokens } from '../limits.ts';
import { ErrorList, mostErrors } from './error-list.ts';
import { ListBeginnings } from './list-beginnings.ts';
import { NodeConverter, type YamlLibrary } from './node-converter.ts';
import { UsualTokens } from './usual-tokens.ts';
import type { YamlNode, YamlReading } from './yaml-node.ts';

const nothing: YamlNode = { kind: 'empty', line: 1 };

/** So many tokens are held before what is finished of a list is converted: some megabytes. */
const tokensOfPiece = 4_096;

/** After so many pieces garbage is collected: what the library leaves is old to the runtimes, which collect that late. */
const piecesPerCollection = 16;

/**
 * The value of any YAML file with one document. Takes a second and 40 MB for the 2 MB of 20,000 digests in lists of images,
 * which are converted in pieces of so many tokens; 70 MB for the same in one map, and 140 MB with aliases.
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
  readonly #beginnings = new ListBeginnings();
  readonly #usual: UsualTokens;
  readonly #converter: NodeConverter;

  constructor(library: YamlLibrary, text: string) {
    const lines = new library.LineCounter();
    lines.addNewLine(0);
    this.#library = library;
    this.#text = text;
    this.#parser = new library.Parser(lines.addNewLine);
    this.#malformed = new ErrorList(lines);
    this.#unusable = new ErrorList(lines);
    this.#usual = new UsualTokens(lines, this.#beginnings);
    this.#converter = new NodeConverter(library, lines, this.#beginnings, this.#unusable);
  }

  read(pieceTokens: number): YamlReading {
    const tokens = this.#tokens(pieceTokens);
    const usual = this.#malformed.size === 0 ? this.#usual.stream(tokens) : undefined;
    const roots = usual ? [usual] : this.#composedRoots(tokens);
    const [root = nothing, ...others] = roots.filter(({ kind }) => kind !== 'empty');
    const errors = (this.#malformed.size > 0 ? this.#malformed : this.#unusable).errors();
    for (const { line } of others.slice(0, 1)) {
      errors.push({ line, column: 1, message: 'the file has more than one YAML document' });
    }
    return { root, errors };
  }

  #composedRoots(tokens: readonly CST.Token[]): YamlNode[] {
    const documents = this.#compose(tokens, this.#text.length);
    return this.#malformed.size > 0 ? [] : documents.map(({ contents }) => this.#converter.convert(contents));
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
  #tokens(pieceTokens: number): CST.Token[] {
    const parser = this.#parser;
    const parsed: CST.Token[] = [];
    let tokens = 0;
    let malformed = 0;
    let mayBegin = true;
    for (const lexeme of new this.#library.Lexer().lex(this.#text)) {
      tokens += 1;
      for (const token of parser.next(lexeme)) {
        parsed.push(token);
        malformed += token.type === 'error' ? 1 : 0;
      }
      if (tokens > maximumYamlTokens) {
        this.#malformed.add(parser.offset, `the file has more than ${maximumYamlTokens} YAML tokens`);
        return parsed;
      }
      // One level more is the document, and one the scalar that is being read.
      if (parser.stack.length > maximumYamlDepth + 2) {
        this.#malformed.add(
          parser.offset,
          `maps and lists are nested more than ${maximumYamlDepth} levels deep`,
        );
        return parsed;
      }
      if (malformed > mostErrors || this.#malformed.size > mostErrors) {
        break;
      }
      mayBegin &&= !isPieceless(lexeme);
      if (mayBegin && tokens % pieceTokens === 0) {
        this.#convertBeginning();
      }
      if (tokens % (piecesPerCollection * tokensOfPiece) === 0) {
        collectGarbage();
      }
    }
    parsed.push(...parser.end());
    return parsed;
  }

  /** Converts what is finished of a list that is being parsed, and lets the parser forget it. */
  #convertBeginning(): void {
    const beginning = this.#beginnings.take(this.#parser.stack);
    if (!beginning) {
      return;
    }
    const { list, taken } = beginning;
    const usual = this.#malformed.size === 0 ? this.#usual.list(taken) : undefined;
    if (usual) {
      this.#beginnings.keep(list, usual.list);
      list.offset = usual.end;
    } else {
      this.#composeBeginning(list, taken);
    }
  }

  #composeBeginning(list: CST.BlockSequence, taken: CST.BlockSequence): void {
    const document: CST.Document = { type: 'document', offset: taken.offset, start: [], value: taken };
    const [composed] = this.#compose([document], 0);
    if (!composed?.contents) {
      return;
    }
    const converted = this.#malformed.size === 0 ? this.#converter.convert(composed.contents) : nothing;
    if (converted.kind === 'list') {
      this.#beginnings.keep(list, converted);
    }
    // What is malformed between two items is reported where the first one ends.
    [, list.offset] = composed.contents.range;
  }
}

/** An alias may stand for what is not converted yet, a directive changes what tags mean, and a key may be a list. */
function isPieceless(lexeme: string): boolean {
  switch (lexeme.charCodeAt(0)) {
    case 0x26: // &
    case 0x2a: // *
    case 0x25: // %
    case 0x3f: // ?
      return true;
    default:
      return false;
  }
}
