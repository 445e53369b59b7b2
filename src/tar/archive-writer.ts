// Writing a tar archive of regular files, byte for byte as Go's archive/tar does. POSIX.1-1988 ustar, POSIX pax.
import { blockSize } from './header-block.ts';

/** A regular file of an archive: mode 0644, owner 0:0, time 0. `size` is in bytes. */
export interface WrittenEntry {
  /** ASCII, at most 100 characters. */
  readonly name: string;
  readonly size: number;
}

/** The first size that needs more than eleven octal digits. */
const octalLimit = 8 ** 11;

/** The header of a file: one block, from 8 GiB on with a pax header before it. */
export function entryHeader({ name, size }: WrittenEntry): Buffer {
  if (name.length > 100) {
    throw new Error(`the name ${name} is too long for a header`);
  }
  if (size < octalLimit) {
    return headerBlock({ name, size, mode: 0o644, type: '0', devices: true });
  }
  const records = Buffer.from(paxRecord('size', String(size)));
  const extended = { name: `PaxHeaders.0/${name}`.slice(0, 100), size: records.length, mode: 0 };
  return Buffer.concat([
    headerBlock({ ...extended, type: 'x', devices: false }),
    records,
    padding(records.length),
    headerBlock({ name, size: 0, mode: 0o644, type: '0', devices: true }),
  ]);
}

/** The zeros from the end of content of this size to the next block. */
export function padding(size: number): Buffer {
  return Buffer.alloc((blockSize - (size % blockSize)) % blockSize);
}

/** The end marker of an archive: two blocks of zeros. */
export const endOfArchive: Buffer = Buffer.alloc(2 * blockSize);

interface HeaderFields {
  readonly name: string;
  readonly size: number;
  readonly mode: number;
  readonly type: '0' | 'x';
  /** Whether device numbers are written, as Go does for files. */
  readonly devices: boolean;
}

function headerBlock({ name, size, mode, type, devices }: HeaderFields): Buffer {
  const block = Buffer.alloc(blockSize);
  const octal = (value: number, offset: number, digits: number) =>
    block.write(value.toString(8).padStart(digits, '0'), offset, 'latin1');
  block.write(name, 0, 'latin1');
  octal(mode, 100, 7);
  octal(0, 108, 7);
  octal(0, 116, 7);
  octal(size, 124, 11);
  octal(0, 136, 11);
  block.write(type, 156, 'latin1');
  block.write('ustar\x0000', 257, 'latin1');
  if (devices) {
    octal(0, 329, 7);
    octal(0, 337, 7);
  }
  // The checksum counts its own field as blanks, and is written as six digits, a NUL and a blank.
  block.fill(' ', 148, 156);
  octal(
    block.reduce((sum, byte) => sum + byte, 0),
    148,
    6,
  );
  block[154] = 0;
  return block;
}

/** A pax record starts with its own length, which counts the digits of the length too. */
function paxRecord(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`;
  let length = rest.length;
  while (length !== rest.length + String(length).length) {
    length = rest.length + String(length).length;
  }
  return `${length}${rest}`;
}
