// The path that the name of an entry, or of the target of a hard link, stands for.
import { UserError } from '../errors.ts';
import { maximumPath } from '../limits.ts';
import { type ByteString, quoteName } from './byte-string.ts';

/** Throws a `UserError` when a name or the target of a link is longer than a path may be. */
export function checkLength(name: ByteString): void {
  if (name.length >= maximumPath) {
    throw new UserError(`${quoteName(name)} is too long: ${name.length} bytes`);
  }
}

/**
 * The parts of an entry's or hard link's name without a leading `/`, empty parts and `.`; `..` removes the part before
 * it. Throws a `UserError` when a name leads above the root or is too long. The root itself has no parts.
 */
export function cleanParts(name: ByteString): ByteString[] {
  checkLength(name);
  const parts: ByteString[] = [];
  for (const part of name.split('/')) {
    if (part === '..') {
      if (parts.pop() === undefined) {
        throw new UserError(`${quoteName(name)} leads out of the image's root directory`);
      }
    } else if (part !== '' && part !== '.') {
      parts.push(part);
    }
  }
  return parts;
}
