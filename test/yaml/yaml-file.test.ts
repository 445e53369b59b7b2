// Reading a YAML file from disk: what is no file, too large or not in UTF-8 is an error of the file.
import { execFileSync } from 'node:child_process';
import { mkdir, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { maximumYamlFile } from '../../src/limits.ts';
import { readYamlFile } from '../../src/yaml/yaml-file.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

async function readContent(content: string | Uint8Array) {
  const path = join(await temporaryDirectory(), 'file.yaml');
  await writeFile(path, content);
  return readYamlFile(path);
}

describe('readYamlFile', () => {
  it('reads a file in UTF-8, with and without a byte order mark', async () => {
    const root = { kind: 'list', line: 1, items: [{ kind: 'string', line: 1, value: 'é' }] };
    expect(await readContent('- é\n')).toEqual({ root, errors: [] });
    expect(await readContent('\ufeff- é\n')).toEqual({ root, errors: [] });
  });

  it('reads a file whose size is not known, such as one in /proc', async () => {
    expect((await readYamlFile('/proc/self/limits')).root.kind).toBe('string');
  });

  it('follows a symbolic link', async () => {
    const directory = await temporaryDirectory();
    await writeFile(join(directory, 'file.yaml'), '- a\n');
    await symlink('file.yaml', join(directory, 'link.yaml'));
    expect((await readYamlFile(join(directory, 'link.yaml'))).errors).toEqual([]);
  });

  it.each([
    ['absent', async () => {}, 'no such file or directory'],
    ['a directory', (path: string) => mkdir(path), 'it is a directory'],
    ['a named pipe', async (path: string) => void execFileSync('mkfifo', [path]), 'it is not a regular file'],
    ['a device', (path: string) => symlink('/dev/zero', path), 'it is not a regular file'],
    [
      'a symbolic link to itself',
      (path: string) => symlink(path, path),
      'too many symbolic links encountered',
    ],
    [
      'too large',
      async (path: string) => {
        await writeFile(path, '');
        await truncate(path, maximumYamlFile + 1);
      },
      `it has more than the limit of ${maximumYamlFile} bytes`,
    ],
  ])('reports that a file is %s', async (_, create, reason) => {
    const path = join(await temporaryDirectory(), 'file.yaml');
    await create(path);
    const message = `the file cannot be read: ${reason}`;
    expect((await readYamlFile(path)).errors).toEqual([{ line: 1, message }]);
  });

  it('reports the first byte that is not UTF-8', async () => {
    const bytes = Buffer.concat([Buffer.from('- é\n- a'), Buffer.from([0xff])]);
    expect((await readContent(bytes)).errors).toEqual([
      { line: 2, column: 4, message: 'the file is not in UTF-8' },
    ]);
  });
});
