// Names and paths as strings of bytes: names in archives and on Linux need not be UTF-8.
import { maximumQuotedName } from '../limits.ts';

/** A string in which every character is one byte (0 to 255), so that `/` and `.` can be searched for as in any string. */
export type ByteString = string;

/** The bytes of a name or path that is UTF-8. */
export function byteString(name: string): ByteString {
  return Buffer.from(name, 'utf8').toString('latin1');
}

/** The path for a function of the file system: a string when it is ASCII, which is faster, otherwise its bytes. */
export function filePath(path: ByteString): string | Buffer {
  return /[\u0080-\u00ff]/.test(path) ? Buffer.from(path, 'latin1') : path;
}

/** A name as it is shown: bytes that are not UTF-8 become U+FFFD. */
export function displayName(name: ByteString): string {
  return Buffer.from(name, 'latin1').toString('utf8');
}

/** A name in quotes for a message, of bounded length. */
export function quoteName(name: ByteString): string {
  const shown = name.length > maximumQuotedName ? `${name.slice(0, maximumQuotedName)}...` : name;
  return JSON.stringify(displayName(shown));
}
