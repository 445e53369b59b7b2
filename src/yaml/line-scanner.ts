// Reads the tokens of usual YAML: strings on one line in ASCII, indicators, comments and ends of lines.

const space = 0x20;
const newline = 0x0a;
const carriageReturn = 0x0d;
const hash = 0x23;

const scalar = /([A-Za-z0-9_/][A-Za-z0-9_./@+-]*(?::[A-Za-z0-9_./@+-]+)*)|"([ !#-[\]-~]*)"|'([ -&(-~]*)'/y;
const comment = /#[^\r\n]*/y;
const documentStart = /--- *(?=\r?\n)/y;

/** Longer strings are left to the library: YAML has a limit of 1,024 characters for keys. */
const longestScalar = 1000;

/** A position in a YAML file that moves on as tokens are read. */
export class LineScanner {
  readonly #text: string;
  #at = 0;
  #lineStart = 0;
  #line = 1;

  /** Begins at the start of the text, after the line `---` if that is the first. */
  constructor(text: string) {
    this.#text = text;
    this.#match(documentStart);
  }

  /** The number of the line, from 1. */
  get line(): number {
    return this.#line;
  }

  /** How many characters of the line were read. */
  get column(): number {
    return this.#at - this.#lineStart;
  }

  /** Whether everything is read. */
  get isAtEnd(): boolean {
    return this.#at >= this.#text.length;
  }

  /** A string, quoted or not; undefined, and the position unchanged, when there is none or an unusual one. */
  scalar(): string | undefined {
    scalar.lastIndex = this.#at;
    const match = scalar.exec(this.#text);
    if (!match || match[0].length > longestScalar) {
      return undefined;
    }
    this.#at = scalar.lastIndex;
    return match[1] ?? match[2] ?? match[3];
  }

  /** Passes over `-` or `:` where it is an indicator, which a space or the end of the line follows, and over spaces. */
  indicator(character: '-' | ':'): boolean {
    const next = this.#text.charCodeAt(this.#at + 1);
    const isHere =
      this.#text[this.#at] === character &&
      (next === space || next === newline || next === carriageReturn || Number.isNaN(next));
    if (isHere) {
      this.#at += 1;
      this.spaces();
    }
    return isHere;
  }

  /** Passes over one character of a flow list, and over the spaces after it. */
  flow(character: '[' | ',' | ']' | '{' | '}'): boolean {
    const isHere = this.#skip(character);
    if (isHere) {
      this.spaces();
    }
    return isHere;
  }

  /** Passes over spaces. */
  spaces(): void {
    while (this.#text.charCodeAt(this.#at) === space) {
      this.#at += 1;
    }
  }

  /** Whether nothing but a comment follows on this line; a comment must be set off by a space. */
  isLineEnd(): boolean {
    const code = this.#text.charCodeAt(this.#at);
    const isComment = code === hash && (this.column === 0 || this.#text.charCodeAt(this.#at - 1) === space);
    return isComment || code === newline || code === carriageReturn || this.isAtEnd;
  }

  /** Passes over spaces, a comment and the end of the line; false when something else is there. */
  endLine(): boolean {
    this.spaces();
    if (!this.isLineEnd()) {
      return false;
    }
    this.#match(comment);
    const mustEnd = this.#skip('\r') || !this.isAtEnd;
    if (mustEnd && !this.#skip('\n')) {
      return false;
    }
    this.#lineStart = this.#at;
    this.#line += 1;
    return true;
  }

  #skip(character: string): boolean {
    const isHere = this.#text[this.#at] === character;
    this.#at += isHere ? 1 : 0;
    return isHere;
  }

  #match(pattern: RegExp): void {
    pattern.lastIndex = this.#at;
    this.#at = pattern.test(this.#text) ? pattern.lastIndex : this.#at;
  }
}
