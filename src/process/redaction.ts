// Redaction of secrets in everything that is written, also where a server sends them back.
import { fromBytes, textViews, toBytes } from './text-views.ts';

/** The known secrets. Our own messages must not hold secrets; this is for what servers and programs say. */
export interface Redaction {
  /** Redacts a secret of the user from now on. One of less than six characters only where it stands by itself. */
  add(secret: string): void;
  /** Redacts a secret that a server chose, unless it is so short, or so like other parts of a log, that it may be none. */
  addServerSecret(secret: string): void;
  /** The string with `REDACTED` in place of every secret, also of one that is escaped or encoded in it. */
  redact(text: string): string;
}

interface Range {
  readonly start: number;
  readonly end: number;
}

/** A shorter secret may be a part of ordinary words. */
const shortestPart = 6;
/** A line of a longer secret, such as a key in PEM, is a secret of its own from this length on. */
const shortestLine = 16;
/** As long as signatures and tokens are at least; so much of one is looked for, what follows is redacted with it. */
const headLength = 20;
/** Enough for the tokens and signed URLs of a whole run; the oldest are dropped. */
const maximumHeads = 4096;

const digest = /^[a-z0-9]+:[0-9a-f]{32,}$/;
const tokenCharacters = /[\w.~+/=%-]*/y;

/** A redaction without any secret. */
export function createRedaction(): Redaction {
  const secrets = new Set<string>();
  const shortSecrets = new Set<string>();
  const heads = new Set<string>();
  const headCharacters = new Set<number>();
  let hasSpaces = false;

  const addPart = (part: string) => {
    const inJson = toBytes(JSON.stringify(part).slice(1, -1));
    const bytes = toBytes(part);
    hasSpaces ||= bytes.includes(' ');
    (bytes.length < shortestPart ? shortSecrets : secrets).add(bytes);
    for (const encoded of [bytes, inJson].flatMap(base64Parts)) {
      if (encoded.length >= shortestPart) {
        secrets.add(encoded);
      }
    }
  };

  return {
    add(secret) {
      const lines = secret.split(/[\r\n]+/).filter((line) => line.length >= shortestLine);
      for (const part of new Set([secret, secret.trim(), ...lines])) {
        if (part !== '') {
          addPart(part);
        }
      }
    },
    addServerSecret(secret) {
      if (secret.length < headLength || !/^[\x21-\x7e]+$/.test(secret) || digest.test(secret)) {
        return;
      }
      for (const form of [secret, ...base64Parts(secret.slice(0, 2 * headLength))]) {
        heads.add(form.slice(0, headLength));
        headCharacters.add(form.charCodeAt(0));
      }
      for (const oldest of heads) {
        if (heads.size <= maximumHeads) {
          break;
        }
        heads.delete(oldest);
      }
    },
    redact(text) {
      const bytes = toBytes(text);
      const ranges: Range[] = [];
      for (const view of textViews(bytes, hasSpaces)) {
        const found = [
          ...occurrences(view.bytes, secrets),
          ...standingAlone(view.bytes, shortSecrets),
          ...(heads.size === 0 ? [] : tokens(view.bytes, heads, headCharacters)),
        ];
        ranges.push(...found.map(({ start, end }) => ({ start: view.from(start), end: view.from(end) })));
      }
      return ranges.length === 0 ? text : fromBytes(replaceRanges(bytes, ranges));
    },
  };
}

function* occurrences(bytes: string, secrets: Iterable<string>): Generator<Range> {
  for (const secret of secrets) {
    for (
      let start = bytes.indexOf(secret);
      start >= 0;
      start = bytes.indexOf(secret, start + secret.length)
    ) {
      yield { start, end: start + secret.length };
    }
  }
}

/** Occurrences of short secrets that are not a part of a word, or of other punctuation. */
function* standingAlone(bytes: string, secrets: Iterable<string>): Generator<Range> {
  for (const range of occurrences(bytes, secrets)) {
    const before = isBoundary(bytes[range.start - 1], bytes[range.start]);
    if (before && isBoundary(bytes[range.end], bytes[range.end - 1])) {
      yield range;
    }
  }
}

function isBoundary(outside: string | undefined, inside: string | undefined): boolean {
  const boundary = /\w/.test(inside ?? '') ? /[^\w\x80-\xff]/ : /[\s"'`]/;
  return outside === undefined || boundary.test(outside);
}

/** The strings of token characters that begin with one of the heads. */
function* tokens(
  bytes: string,
  heads: ReadonlySet<string>,
  headCharacters: ReadonlySet<number>,
): Generator<Range> {
  for (let start = 0; start + headLength <= bytes.length; start++) {
    if (headCharacters.has(bytes.charCodeAt(start)) && heads.has(bytes.slice(start, start + headLength))) {
      tokenCharacters.lastIndex = start + headLength;
      tokenCharacters.test(bytes);
      const end = Math.max(tokenCharacters.lastIndex, start + headLength);
      yield { start, end };
      start = end - 1;
    }
  }
}

function replaceRanges(bytes: string, ranges: readonly Range[]): string {
  let replaced = '';
  let done = 0;
  for (const { start, end } of ranges.toSorted((a, b) => a.start - b.start)) {
    if (start >= done) {
      replaced += `${bytes.slice(done, start)}REDACTED`;
    }
    done = Math.max(done, end);
  }
  return replaced + bytes.slice(done);
}

/**
 * The base64 characters that depend on these bytes alone (one character each), for each of the three offsets at which they
 * can begin, in both alphabets.
 */
function base64Parts(bytes: string): string[] {
  const content = Buffer.from(bytes, 'latin1');
  return [0, 1, 2].flatMap((before) => {
    const encoded = Buffer.concat([Buffer.alloc(before), content]).toString('base64url');
    const own = encoded.slice(Math.ceil((before * 8) / 6), Math.floor(((before + content.length) * 8) / 6));
    return [own, own.replaceAll('-', '+').replaceAll('_', '/')];
  });
}
