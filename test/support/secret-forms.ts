// Finds secrets in an output: as they are, escaped, and encoded.

/**
 * The strings that show a secret in an output, computed without the code under test. In base64 a string
 * is encoded differently at each of three offsets; its inner characters stay the same.
 */
export function secretForms(secret: string): string[] {
  const bytes = Buffer.from(secret);
  const encoded = [0, 1, 2].map((offset) => {
    const text = Buffer.concat([Buffer.alloc(offset, 'x'), bytes, Buffer.alloc(3, 'x')]).toString('base64');
    return text.slice(4, Math.floor((offset + bytes.length) / 3) * 4);
  });
  return [
    secret,
    encodeURIComponent(secret),
    new URLSearchParams({ a: secret }).toString().slice(2),
    JSON.stringify(secret).slice(1, -1),
    ...encoded,
    ...encoded.map((text) => text.replaceAll('+', '-').replaceAll('/', '_')),
  ];
}

/** The names of the secrets that an output shows in any of their forms. */
export function shownSecrets(output: string, secrets: Readonly<Record<string, string>>): string[] {
  return Object.entries(secrets).flatMap(([name, secret]) =>
    secretForms(secret).some((form) => form.length >= 6 && output.includes(form)) ? [name] : [],
  );
}
