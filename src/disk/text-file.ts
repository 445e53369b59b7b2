// Short text files that other steps of a build left on the disk: regular ones only, neither FIFOs nor devices.
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { UserError } from '../errors.ts';

/**
 * The content of a file in UTF-8, without a byte-order mark at its start. Throws a UserError for what is not a regular
 * file, for more than `limit` bytes, and for UTF-16, which some shells of Windows write.
 */
export async function readTextFile(path: string, limit: number): Promise<string> {
  // Without O_NONBLOCK, opening a FIFO that has no writer would block.
  await using file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  if (!(await file.stat()).isFile()) {
    throw new UserError('it is not a regular file');
  }
  const buffer = Buffer.alloc(limit + 1);
  let size = 0;
  for (let bytesRead = -1; bytesRead !== 0 && size < buffer.length; size += bytesRead) {
    ({ bytesRead } = await file.read(buffer, size, buffer.length - size));
  }
  if (size > limit) {
    throw new UserError(`it has more than ${limit} bytes`);
  }
  const content = buffer.subarray(0, size);
  if (['feff', 'fffe'].includes(content.subarray(0, 2).toString('hex'))) {
    throw new UserError('it is UTF-16, not UTF-8');
  }
  return new TextDecoder().decode(content);
}
