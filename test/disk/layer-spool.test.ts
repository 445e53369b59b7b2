import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { createLayerSpool } from '../../src/disk/layer-spool.ts';
import { errorText } from '../../src/errors.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

async function* content(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

describe('the spool of compressed layers', () => {
  it('gives a file, its size and its digest', async () => {
    const spool = createLayerSpool(await temporaryDirectory());
    const layer = await spool.compress('a', () => content('layer a'));
    const bytes = await readFile(layer.path);
    expect(gunzipSync(bytes).toString()).toBe('layer a');
    expect(layer).toMatchObject({ size: bytes.length, digest: digestOf(bytes) });
    await spool.close();
  });

  it('compresses a layer once', async () => {
    const spool = createLayerSpool(await temporaryDirectory());
    let read = 0;
    const counted = () => {
      read++;
      return content('layer a');
    };
    const both = await Promise.all([spool.compress('a', counted), spool.compress('a', counted)]);
    expect(both[0]).toBe(both[1]);
    expect(read).toBe(1);
    await spool.close();
  });

  it('keeps layers apart and away from other users, and leaves nothing behind', async () => {
    const directory = await temporaryDirectory();
    const spool = createLayerSpool(directory);
    const a = await spool.compress('x/layer.tar', () => content('a'));
    const b = await spool.compress('y/layer.tar', () => content('b'));
    expect(a.path).not.toBe(b.path);
    expect((await stat(a.path)).mode & 0o077).toBe(0);
    await spool.close();
    expect(await readdir(directory)).toEqual([]);
  });

  it('makes nothing when nothing is compressed', async () => {
    const directory = await temporaryDirectory();
    await createLayerSpool(directory).close();
    expect(await readdir(directory)).toEqual([]);
  });

  it('ends a compression under way when it is closed', async () => {
    const directory = await temporaryDirectory();
    const spool = createLayerSpool(directory);
    const endless = async function* () {
      for (;;) {
        yield Buffer.alloc(1024 * 1024);
      }
    };
    const outcome = expect(spool.compress('endless', endless)).rejects.toThrow(
      'could not compress layer endless',
    );
    await spool.close();
    await outcome;
    expect(await readdir(directory)).toEqual([]);
  });

  it('says what was tried when there is no place, and can be closed all the same', async () => {
    const path = join(await temporaryDirectory(), 'file');
    await writeFile(path, '');
    const spool = createLayerSpool(path);
    const error = await spool.compress('a', () => content('a')).catch((reason: unknown) => reason);
    expect(errorText(error)).toMatch(/^could not compress layer a into .+\/file: ENOTDIR/);
    await spool.close();
  });
});
