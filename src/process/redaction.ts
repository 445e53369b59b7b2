// Secrets stay out of everything that is written, even where a server sends them back: the last line of defence.

/** What a program knows to be secret. Messages must do without secrets by themselves; this is for what others say. */
export interface Redaction {
  /** From now on this text is redacted, and what it looks like encoded. Texts below six characters are ignored. */
  keep(secret: string): void;
  /** The text with `REDACTED` in the place of every secret. */
  redact(text: string): string;
}

/** Shorter secrets would turn up in ordinary words, and a log without words helps nobody. */
const shortestSecret = 6;
/** A line of a longer secret, such as a key in PEM, is one by itself from this length on. */
const shortestLine = 16;

/** A redaction that knows no secret yet. */
export function createRedaction(): Redaction {
  const secrets = new Set<string>();
  let forms: readonly string[] = [];
  return {
    keep(secret) {
      if (secret.length < shortestSecret || secrets.has(secret)) {
        return;
      }
      secrets.add(secret);
      const lines = secret.split(/[\r\n]+/).filter((line) => line.length >= shortestLine);
      const added = [secret, ...lines].flatMap(formsOf);
      // The longest first, so that nothing of a form stays behind when a shorter one is part of it.
      forms = [...new Set([...forms, ...added])].sort((a, b) => b.length - a.length);
    },
    redact: (text) => forms.reduce((shown, form) => shown.replaceAll(form, 'REDACTED'), text),
  };
}

/** A text as it is, in URLs and forms, in JSON, and within anything in base64. */
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

/** The characters that bytes always leave in base64, for each of the three places at which they can begin. */
function inBase64(bytes: Buffer): string[] {
  return [0, 1, 2].flatMap((before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64url');
    const own = text.slice(Math.ceil((before * 8) / 6), Math.floor(((before + bytes.length) * 8) / 6));
    return [own, own.replaceAll('-', '+').replaceAll('_', '/')];
  });
}
