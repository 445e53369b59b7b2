// Parses challenges: the `WWW-Authenticate` header of RFC 9110, section 11.6.1.

/** A challenge; scheme and keys of parameters are in lower case. */
export interface Challenge {
  readonly scheme: string;
  readonly parameters: Readonly<Record<string, string>>;
}

/** The token at the start of a string, and the rest. */
const leadingToken = /^([!#$%&'*+.^`|~\w-]+)(.*)$/s;
const leadingQuoted = /^"((?:[^"\\]|\\.)*)"(.*)$/s;

/**
 * The challenge of one header line; undefined when the line does not start with a token. Several challenges in one
 * line are not split, and parsing stops at the first part that is not `key=value`: what was read before counts.
 * As go-containerregistry reads it.
 */
export function parseChallenge(line: string): Challenge | undefined {
  const start = leadingToken.exec(line);
  if (!start) {
    return undefined;
  }
  const parameters = new Map<string, string>();
  for (let rest = `,${skipSpace(start[2])}`; rest.startsWith(','); ) {
    const [, key, afterKey = ''] = leadingToken.exec(skipSpace(rest.slice(1))) ?? [];
    const [value, afterValue] = afterKey.startsWith('=') ? takeValue(afterKey.slice(1)) : ['', ''];
    if (key === undefined || value === '') {
      break;
    }
    parameters.set(key.toLowerCase(), value);
    rest = skipSpace(afterValue);
  }
  return { scheme: (start[1] ?? '').toLowerCase(), parameters: Object.fromEntries(parameters) };
}

/** The challenge to answer among the header's lines: the first that is basic or bearer, otherwise the first. */
export function chooseChallenge(lines: readonly string[]): Challenge | undefined {
  const challenges = lines.map(parseChallenge).filter((challenge) => challenge !== undefined);
  return challenges.find(({ scheme }) => scheme === 'basic' || scheme === 'bearer') ?? challenges[0];
}

/** How a session is authorized: by tokens when the challenge says so, otherwise by username and password. */
export function sessionScheme(challenge: Challenge | undefined): 'basic' | 'bearer' {
  return challenge?.scheme === 'bearer' ? 'bearer' : 'basic';
}

function takeValue(input: string): [value: string, rest: string] {
  const [, quoted, afterQuoted = ''] = leadingQuoted.exec(input) ?? [];
  if (quoted !== undefined) {
    return [quoted.replace(/\\(.)/gs, '$1'), afterQuoted];
  }
  const [, token = '', afterToken = ''] = leadingToken.exec(input) ?? [];
  return [token, afterToken];
}

function skipSpace(input: string | undefined): string {
  return (input ?? '').replace(/^[ \t\r\n]+/, '');
}
