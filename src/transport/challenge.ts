// Parses challenges: the `WWW-Authenticate` header of RFC 9110, section 11.6.1.

/** A challenge; scheme and keys of parameters are in lower case. */
export interface Challenge {
  readonly scheme: string;
  readonly parameters: Readonly<Record<string, string>>;
}

const token = /[!#$%&'*+.^`|~\w-]+/y;
const quotedString = /"((?:[^"\\]|\\.)*)"/sy;
const space = /[ \t\r\n]*/y;
/** The other form of a challenge: one string in place of parameters, up to a comma or the end. */
const token68 = /[ \t]+[\w.~+/-]+=*[ \t]*(?=,|$)/y;

/**
 * The challenges of all lines of the header, in order. One line may hold several. What follows the first part that is not
 * `key=value` is left out, up to the end of the line; a line that does not start with a token is left out.
 */
export function parseChallenges(lines: readonly string[]): readonly Challenge[] {
  return lines.flatMap(parseLine);
}

/** The challenge to answer: the first for a token, or else for a username and password, or else the first. */
export function preferredChallenge(challenges: readonly Challenge[]): Challenge | undefined {
  return findChallenge(challenges, 'bearer') ?? findChallenge(challenges, 'basic') ?? challenges[0];
}

/** The first challenge of a scheme. */
export function findChallenge(
  challenges: readonly Challenge[],
  scheme: 'basic' | 'bearer',
): Challenge | undefined {
  return challenges.find((challenge) => challenge.scheme === scheme);
}

function parseLine(line: string): Challenge[] {
  const challenges: Challenge[] = [];
  for (let at = 0; at < line.length; ) {
    const scheme = take(token, line, at);
    if (scheme === undefined) {
      break;
    }
    const { parameters, next } = parseParameters(line, at + scheme.length);
    challenges.push({ scheme: scheme.toLowerCase(), parameters: Object.fromEntries(parameters) });
    at = next;
  }
  return challenges;
}

/** The parameters after a scheme, and where the next challenge begins: at the end of the line if there is none. */
function parseParameters(line: string, start: number): { parameters: Map<string, string>; next: number } {
  const parameters = new Map<string, string>();
  const afterToken68 = start + (take(token68, line, start) ?? '').length;
  let at = skipSpace(line, afterToken68);
  let mayBeScheme = line[at] === ',';
  for (;;) {
    at = skipSpace(line, mayBeScheme ? at + 1 : at);
    const key = take(token, line, at);
    if (key === undefined) {
      return { parameters, next: line.length };
    }
    if (line[at + key.length] !== '=') {
      return { parameters, next: mayBeScheme ? at : line.length };
    }
    const valueAt = at + key.length + 1;
    const written = take(quotedString, line, valueAt) ?? take(token, line, valueAt) ?? '';
    const value = written.startsWith('"') ? written.slice(1, -1).replace(/\\(.)/gs, '$1') : written;
    if (value === '') {
      return { parameters, next: line.length };
    }
    parameters.set(key.toLowerCase(), value);
    at = skipSpace(line, valueAt + written.length);
    if (line[at] !== ',') {
      return { parameters, next: line.length };
    }
    mayBeScheme = true;
  }
}

/** What a sticky pattern matches at a position; nothing before it is read again, so a long line takes linear time. */
function take(pattern: RegExp, line: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(line)?.[0];
}

function skipSpace(line: string, at: number): number {
  return at + (take(space, line, at) ?? '').length;
}
