// FIFOs by the program mkfifo and by the system call: which is used when, and what each does when it fails.
import { lstatSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createFifo, type FifoMakers } from '../../src/rootfs/fifo.ts';
import { loadSystemCalls } from '../../src/rootfs/system-calls.ts';
import { type ByteString, byteString, filePath } from '../../src/tar/byte-string.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const hasCalls = process.platform === 'linux' && Number.parseInt(process.versions.node, 10) >= 26;
const program: FifoMakers = {
  programs: ['/nowhere/mkfifo', '/usr/bin/mkfifo'],
  load: () => {
    throw new Error('loaded');
  },
};
const systemCall: FifoMakers = { programs: ['/nowhere/mkfifo'], load: loadSystemCalls };
const neither: FifoMakers = { programs: [], load: () => undefined };

async function newPath(name: ByteString): Promise<ByteString> {
  return `${byteString(await temporaryDirectory())}/${name}`;
}

describe.each<[string, FifoMakers, boolean]>([
  ['the program mkfifo', program, true],
  ['the system call', systemCall, hasCalls],
])('a FIFO by %s', (_, makers, isPossible) => {
  it.runIf(isPossible)('is created, also under a name that is not ASCII', async () => {
    const path = await newPath('gr\xc3\xb6\xc3\x9fe');
    expect(createFifo(path, makers)).toBe(true);
    expect(lstatSync(filePath(path)).isFIFO()).toBe(true);
  });

  it.runIf(isPossible)('fails with an error of the system where its directory is missing', async () => {
    const path = await newPath('missing/pipe');
    expect(() => createFifo(path, makers)).toThrow(
      /mkfifo.*: No such file|ENOENT: no such file or directory, mkfifo/,
    );
  });
});

describe('a FIFO', () => {
  it.runIf(hasCalls)('is created by the system call under a name that is not UTF-8', async () => {
    const path = await newPath('\xff');
    expect(createFifo(path, { ...systemCall, programs: program.programs })).toBe(true);
    expect(lstatSync(filePath(path)).isFIFO()).toBe(true);
  });

  it.runIf(hasCalls)('is refused by the system call with the code of the system', async () => {
    const path = await newPath('pipe');
    createFifo(path, systemCall);
    expect(() => createFifo(path, systemCall)).toThrow(
      expect.objectContaining({
        code: 'EEXIST',
        syscall: 'mkfifo',
        message: expect.stringContaining('EEXIST'),
      }),
    );
  });

  it('is not created where there is neither', async () => {
    const path = await newPath('pipe');
    expect(createFifo(path, neither)).toBe(false);
    expect(lstatSync(filePath(path), { throwIfNoEntry: false })).toBeUndefined();
  });
});
