// White space and comments between the values of a YAML file, as tokens of the library's parser.
import type { CST } from 'yaml';

/** What is between two values: white space, comments and indicators. */
export type Tokens = readonly CST.SourceToken[];

/** Whether a line ends among tokens. */
export function hasNewline(tokens: Tokens): boolean {
  return tokens.some(({ type }) => type === 'newline');
}

/** Whether tokens are white space and comments, but for the one at a place. */
export function isAround(tokens: Tokens, place: number, atLineStart: boolean): boolean {
  return (
    isBlankPart(tokens, 0, place, atLineStart) &&
    isBlankPart(tokens, place + 1, tokens.length, place < 0 && atLineStart)
  );
}

/** Whether tokens are white space and comments. */
export function isBlank(tokens: Tokens | undefined, atLineStart = false): boolean {
  return tokens === undefined || isBlankPart(tokens, 0, tokens.length, atLineStart);
}

/** White space without tabs, and comments with white space before them (YAML 1.2.2, section 6.6). */
function isBlankPart(tokens: Tokens, from: number, to: number, atLineStart: boolean): boolean {
  let afterSpace = atLineStart;
  for (let index = from; index < to; index += 1) {
    const token = tokens[index];
    const isComment = token?.type === 'comment';
    if (!token || !isBlankType(token.type) || (isComment ? !afterSpace : token.source.includes('\t'))) {
      return false;
    }
    afterSpace = !isComment;
  }
  return true;
}

/** Whether tokens of a type are white space or comments. */
export function isBlankType(type: CST.Token['type']): boolean {
  return type === 'space' || type === 'newline' || type === 'comment';
}

/** Where the last of some tokens ends; without tokens, where what is before them ends. */
export function endOf(tokens: Tokens | undefined, before: number): number {
  const last = tokens?.at(-1);
  return last ? last.offset + last.source.length : before;
}

/** Where the composer puts an empty value after an indicator: after the spaces that follow it, or after its comments. */
export function endOfEmpty(tokens: Tokens, indicator: number): number {
  const isCommented = tokens.some(({ type }) => type === 'comment');
  const space = tokens[indicator + 1]?.type === 'space' ? indicator + 2 : indicator + 1;
  return endOf(isCommented ? tokens : tokens.slice(0, space), 0);
}
