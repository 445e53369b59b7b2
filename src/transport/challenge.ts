// What a registry wants to be told: the `WWW-Authenticate` header of RFC 9110, section 11.6.1.

/** A challenge; scheme and keys of parameters are in lower case. */
export interface Challenge {
  readonly scheme: string;
  readonly parameters: Readonly<Record<string, string>>;
}

/** The token at the start of a text and what follows it. */
const leadingToken = /^([!#$%&'*+.^`|~\w-]+)(.*)$/s;
const leadingQuoted = /^"((?:[^"\\]|\\.)*)"(.*)$/s;

/**
 * The challenge of one header line; nothing when the line does not start with a token. Several challenges in one
 * line are not split, and parsing stops at the first thing that is no `key=value`: what was read so far counts.
 * As go-containerregistry reads it.
 */
export function parseChallenge(line: string): Challenge | undefined {
  const start = leadingToken.exec(line);
  if (!start) {
    return undefined;
  }
  const parameters = new Map<string, string>();
  for (let rest = `,${skipSpace(start[2])}`; rest.startsWith(','); ) {
    const [, key, behindKey = ''] = leadingToken.exec(skipSpace(rest.slice(1))) ?? [];
    const [value, behindValue] = behindKey.startsWith('=') ? takeValue(behindKey.slice(1)) : ['', ''];
    if (key === undefined || value === '') {
      break;
    }
    parameters.set(key.toLowerCase(), value);
    rest = skipSpace(behindValue);
  }
  return { scheme: (start[1] ?? '').toLowerCase(), parameters: Object.fromEntries(parameters) };
}

/** The challenge to answer among the header's lines: the first that is basic or bearer, otherwise the first. */
export function chooseChallenge(lines: readonly string[]): Challenge | undefined {
  const challenges = lines.map(parseChallenge).filter((challenge) => challenge !== undefined);
  return challenges.find(({ scheme }) => scheme === 'basic' || scheme === 'bearer') ?? challenges[0];
}

/** How a session proves itself: with a token when the challenge says so, otherwise with the credentials. */
export function sessionScheme(challenge: Challenge | undefined): 'basic' | 'bearer' {
  return challenge?.scheme === 'bearer' ? 'bearer' : 'basic';
}

function takeValue(text: string): [value: string, rest: string] {
  const [, quoted, behindQuoted = ''] = leadingQuoted.exec(text) ?? [];
  if (quoted !== undefined) {
    return [quoted.replace(/\\(.)/gs, '$1'), behindQuoted];
  }
  const [, token = '', behindToken = ''] = leadingToken.exec(text) ?? [];
  return [token, behindToken];
}

function skipSpace(text: string | undefined): string {
  return (text ?? '').replace(/^[ \t\r\n]+/, '');
}
