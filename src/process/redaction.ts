// Redaction of secrets in everything that is written, also where a server sends them back.

/** The known secrets. Our own messages must not hold secrets; this is for what servers and programs say. */
export interface Redaction {
  /** Redacts this string, and its encoded forms, from now on. Strings below six characters are ignored. */
  add(secret: string): void;
  /** The string with `REDACTED` in place of every secret. */
  redact(text: string): string;
}

/** Shorter secrets occur in ordinary words: redacting them would make a log unreadable. */
const shortestSecret = 6;
/** A line of a longer secret, such as a key in PEM, is a secret of its own from this length on. */
const shortestLine = 16;

/** A redaction without any secret. */
export function createRedaction(): Redaction {
  const secrets = new Set<string>();
  let forms: readonly string[] = [];
  return {
    add(secret) {
      if (secret.length < shortestSecret || secrets.has(secret)) {
        return;
      }
      secrets.add(secret);
      const lines = secret.split(/[\r\n]+/).filter((line) => line.length >= shortestLine);
      const added = [secret, ...lines].flatMap(formsOf);
      // The longest first, so that no part of a form remains when a shorter one is part of it.
      forms = [...new Set([...forms, ...added])].sort((a, b) => b.length - a.length);
    },
    redact: (text) => forms.reduce((shown, form) => shown.replaceAll(form, 'REDACTED'), text),
  };
}

/** A secret as it is, in URLs and forms, in JSON, and within anything in base64. */
function formsOf(secret: string): string[] {
  const inUrl = [
    encodeURIComponent(secret.toWellFormed()),
    String(new URLSearchParams([['', secret]])).slice(1),
  ];
  const inLowerCase = inUrl.map((text) => text.replace(/%[\dA-F]{2}/g, (byte) => byte.toLowerCase()));
  const inJson = JSON.stringify(secret).slice(1, -1);
  const forms = [secret, ...inUrl, ...inLowerCase, inJson, ...inBase64(Buffer.from(secret))];
  return forms.filter((form) => form.length >= shortestSecret);
}

/** The base64 characters that depend on the bytes alone, for each of the three offsets at which they can begin. */
function inBase64(bytes: Buffer): string[] {
  return [0, 1, 2].flatMap((before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64url');
    const own = text.slice(Math.ceil((before * 8) / 6), Math.floor(((before + bytes.length) * 8) / 6));
    return [own, own.replaceAll('-', '+').replaceAll('_', '/')];
  });
}
