// Files of a build that contain a version or list tags: one rule for encoding and white space, and errors that name them.
import { execFileSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readAdditionalTags, readVersionFile } from '../../src/command/tag-files.ts';
import { errorText } from '../../src/errors.ts';
import { formatVersion } from '../../src/policy/tag-version.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { recordedLog } from '../support/test-session.ts';

async function directoryWith(content: string | Uint8Array): Promise<string> {
  const directory = await temporaryDirectory();
  await writeFile(join(directory, 'file'), content);
  return directory;
}

const readers = {
  version_file: async (directory: string) => {
    const version = await readVersionFile(directory, 'file');
    return version && formatVersion(version);
  },
  additional_tags: async (directory: string) =>
    (await readAdditionalTags(directory, 'file', recordedLog())).join(),
};
const keys = ['version_file', 'additional_tags'] as const;

describe.each(keys)('the file of %s', (key) => {
  const read = readers[key];

  it.each([
    ['a line feed at its end', '1.2.3\n'],
    ['line ends of Windows', '\r\n1.2.3\r\n'],
    ['a byte-order mark', '\ufeff1.2.3\n'],
    ['a byte-order mark and line ends of Windows', '\ufeff\r\n1.2.3\r\n'],
    ['white space of Unicode around it', '\u00a01.2.3\u0085'],
  ])('may have %s', async (_, content) => {
    expect(await read(await directoryWith(content))).toBe('1.2.3');
  });

  it.each(['utf16le', 'utf16be'])('is refused in UTF-16 with a byte-order mark (%s)', async (encoding) => {
    const content = Buffer.from('\ufeff1.2.3\n', 'utf16le');
    const bytes = encoding === 'utf16le' ? content : content.swap16();
    await expect(read(await directoryWith(bytes)).catch(errorText)).resolves.toContain(
      'it is UTF-16, not UTF-8',
    );
  });

  it('is refused when it does not exist, with its path', async () => {
    const directory = await temporaryDirectory();
    const failure = await read(directory).catch(errorText);
    expect(failure).toContain(JSON.stringify(join(directory, 'file')));
    expect(failure).toContain('ENOENT');
  });

  it('is refused when it is a directory or a FIFO, which is not waited for', async () => {
    const withDirectory = await temporaryDirectory();
    await mkdir(join(withDirectory, 'file'));
    const withFifo = await temporaryDirectory();
    execFileSync('mkfifo', [join(withFifo, 'file')]);
    for (const directory of [withDirectory, withFifo]) {
      await expect(read(directory).catch(errorText)).resolves.toContain('it is not a regular file');
    }
  });
});

it.each([
  ['version_file', 4096],
  ['additional_tags', 1024 * 1024],
] as const)('the file of %s is refused when it has more than %d bytes', async (key, limit) => {
  const content = `1.2.3\n`.padEnd(limit);
  expect(await readers[key](await directoryWith(content))).toBe('1.2.3');
  const failure = await readers[key](await directoryWith(`${content} `)).catch(errorText);
  expect(failure).toContain(`it has more than ${limit} bytes`);
});

it('reads nothing when no file is configured', async () => {
  expect(await readVersionFile('/nowhere', '')).toBeUndefined();
  expect(await readAdditionalTags('/nowhere', '', recordedLog())).toEqual([]);
});

it('warns of a file of additional tags without a tag, by its path', async () => {
  const directory = await directoryWith('\ufeff \r\n');
  const log = recordedLog();
  expect(await readAdditionalTags(directory, 'file', log)).toEqual([]);
  expect(log.text).toContain(`WARN`);
  expect(log.text).toContain(
    `${JSON.stringify(join(directory, 'file'))} of params.additional_tags lists no tag`,
  );
});

it('names a version file whose content is not a version', async () => {
  const directory = await directoryWith('one two\n');
  const failure = await readVersionFile(directory, 'file').catch(errorText);
  expect(failure).toContain(`could not read the version in ${JSON.stringify(join(directory, 'file'))}`);
  expect(failure).toContain('invalid semantic version: "one two"');
});
