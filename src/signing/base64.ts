// Base64 as signatures have it: the standard alphabet with padding, and nothing that a lenient decoder skips.

/** The bytes of standard base64 (RFC 4648, section 4); undefined for any other string and for a value that is none. */
export function decodeBase64(text: unknown): Buffer | undefined {
  if (typeof text !== 'string' || text === '') {
    return undefined;
  }
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : undefined;
}
