// What a secret looks like within base64 of something longer. Pure.

/**
 * The base64 characters that depend on these bytes alone (one character each), for each of the three offsets at which they
 * can begin, in both alphabets.
 */
export function base64Parts(bytes: string): string[] {
  const content = Buffer.from(bytes, 'latin1');
  return [0, 1, 2].flatMap((before) => {
    const encoded = Buffer.concat([Buffer.alloc(before), content]).toString('base64url');
    const own = encoded.slice(Math.ceil((before * 8) / 6), Math.floor(((before + content.length) * 8) / 6));
    return [own, own.replaceAll('-', '+').replaceAll('_', '/')];
  });
}
