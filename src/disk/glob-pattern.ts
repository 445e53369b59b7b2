// Matching file names with patterns as Go's filepath.Match does: one path component at a time, no `**`, no `{a,b}`.
import { UserError } from '../errors.ts';

/** One piece of a pattern: any run of characters, or one character of a set (inclusive ranges of code points). */
type Piece =
  | { readonly kind: 'run' }
  | {
      readonly kind: 'one';
      readonly negated: boolean;
      readonly ranges: readonly (readonly [number, number])[];
    };

/** Whether a file name matches. */
export type NameMatcher = (name: string) => boolean;

/** Whether a pattern has a metacharacter. */
export function hasMeta(pattern: string): boolean {
  return /[*?[\\]/.test(pattern);
}

/** Throws a {@link UserError} when a component of the pattern is malformed. */
export function checkPattern(pattern: string): void {
  for (const component of pattern.split('/')) {
    try {
      parseComponent(component);
    } catch (cause) {
      throw new UserError(`'${pattern}' is not a valid pattern`, { cause });
    }
  }
}

/** The matcher of one component (a pattern without `/`); a malformed one is a {@link UserError}. */
export function compileComponent(component: string): NameMatcher {
  const pieces = parseComponent(component);
  return (name) => matches(pieces, codePoints(name));
}

const anything: Piece = { kind: 'one', negated: true, ranges: [] };

function parseComponent(component: string): Piece[] {
  const characters = codePoints(component);
  const pieces: Piece[] = [];
  for (let position = 0; position < characters.length; ) {
    const character = characters[position];
    if (character === '*') {
      pieces.push({ kind: 'run' });
      position++;
    } else if (character === '?') {
      pieces.push(anything);
      position++;
    } else if (character === '[') {
      const parsed = parseClass(characters, position + 1);
      pieces.push(parsed.piece);
      position = parsed.end;
    } else {
      const { point, end } = parseCharacter(characters, position);
      pieces.push({ kind: 'one', negated: false, ranges: [[point, point]] });
      position = end;
    }
  }
  return pieces;
}

/** A class that starts after its `[`; `end` is the position after its `]`. */
function parseClass(characters: readonly string[], start: number): { piece: Piece; end: number } {
  const negated = characters[start] === '^';
  const ranges: [number, number][] = [];
  let position = negated ? start + 1 : start;
  while (ranges.length === 0 || characters[position] !== ']') {
    const low = parseMember(characters, position);
    const high = characters[low.end] === '-' ? parseMember(characters, low.end + 1) : low;
    ranges.push([low.point, high.point]);
    position = high.end;
  }
  return { piece: { kind: 'one', negated, ranges }, end: position + 1 };
}

function parseMember(characters: readonly string[], position: number): { point: number; end: number } {
  const character = characters[position];
  if (character === undefined) {
    throw syntaxError('a [ is not closed');
  }
  if (character === '-' || character === ']') {
    throw syntaxError(`a ${character} at this position of a [class] must be escaped as \\${character}`);
  }
  return parseCharacter(characters, position);
}

function parseCharacter(characters: readonly string[], position: number): { point: number; end: number } {
  const escaped = characters[position] === '\\';
  const character = characters[escaped ? position + 1 : position];
  if (character === undefined) {
    throw syntaxError('nothing follows the last \\');
  }
  return { point: character.codePointAt(0) ?? 0, end: position + (escaped ? 2 : 1) };
}

function syntaxError(detail: string): UserError {
  return new UserError(`syntax error in pattern: ${detail}`);
}

function matches(pieces: readonly Piece[], name: readonly string[]): boolean {
  let piece = 0;
  let position = 0;
  let run: { piece: number; position: number } | undefined;
  while (position < name.length || piece < pieces.length) {
    const current = pieces[piece];
    if (current?.kind === 'run') {
      run = { piece, position };
      piece++;
    } else if (current && position < name.length && contains(current, name[position] ?? '')) {
      piece++;
      position++;
    } else if (run && run.position < name.length) {
      // Only the last run is extended: what an earlier one could match, this one can match as well.
      run = { piece: run.piece, position: run.position + 1 };
      piece = run.piece + 1;
      position = run.position;
    } else {
      return false;
    }
  }
  return true;
}

function contains({ negated, ranges }: Piece & { kind: 'one' }, character: string): boolean {
  const point = character.codePointAt(0) ?? 0;
  return ranges.some(([low, high]) => low <= point && point <= high) !== negated;
}

function codePoints(text: string): string[] {
  return [...text];
}
