import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { createLayerSpool, type SpooledLayer } from '../../src/disk/layer-spool.ts';
import { errorText } from '../../src/errors.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

async function* content(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

async function contentOf({ file, size }: SpooledLayer): Promise<Buffer> {
  const bytes = Buffer.alloc(size);
  await file.read(bytes, 0, size, 0);
  return bytes;
}

describe('createLayerSpool', () => {
  it('returns the compressed file, its size and its digest', async () => {
    const spool = createLayerSpool(await temporaryDirectory());
    const layer = await spool.compress('a', 7, content('layer a'));
    const bytes = await contentOf(layer);
    expect(gunzipSync(bytes).toString()).toBe('layer a');
    expect(layer).toMatchObject({ size: bytes.length, digest: digestOf(bytes) });
    await spool.close();
  });

  it('compresses with zstd where that is chosen', async () => {
    const compression = { format: 'zstd', level: 3 } as const;
    const spool = createLayerSpool(await temporaryDirectory(), { compression });
    const layer = await spool.compress('a', 7, content('layer a'));
    const bytes = await contentOf(layer);
    expect(zstdDecompressSync(bytes).toString()).toBe('layer a');
    expect(layer).toMatchObject({ compression: 'zstd', size: bytes.length, digest: digestOf(bytes) });
    await spool.close();
  });

  it('compresses each layer into a file of its own without a name, so that nothing is left however the process ends', async () => {
    const directory = await temporaryDirectory();
    const spool = createLayerSpool(directory);
    const a = await spool.compress('x/layer.tar', 1, content('a'));
    const b = await spool.compress('y/layer.tar', 1, content('b'));
    expect(await readdir(directory)).toEqual([]);
    expect((await a.file.stat()).mode & 0o077).toBe(0);
    expect(gunzipSync(await contentOf(a)).toString()).toBe('a');
    expect(gunzipSync(await contentOf(b)).toString()).toBe('b');
    await spool.close();
  });

  it('creates no file when nothing is compressed', async () => {
    const directory = await temporaryDirectory();
    await createLayerSpool(directory).close();
    expect(await readdir(directory)).toEqual([]);
  });

  it('stops a compression under way when it is closed', async () => {
    const directory = await temporaryDirectory();
    const spool = createLayerSpool(directory);
    const endless = async function* () {
      for (;;) {
        yield Buffer.alloc(1024 * 1024);
      }
    };
    const outcome = expect(spool.compress('endless', Number.MAX_SAFE_INTEGER, endless())).rejects.toThrow(
      'could not compress layer endless',
    );
    await spool.close();
    await outcome;
    expect(await readdir(directory)).toEqual([]);
  });

  it('stops a compression and throws the reason when the signal aborts', async () => {
    const directory = await temporaryDirectory();
    const controller = new AbortController();
    const reason = new Error('SIGTERM');
    const spool = createLayerSpool(directory, { signal: controller.signal });
    let read = 0;
    const endless = async function* () {
      for (;;) {
        read += 1;
        if (read === 20) {
          controller.abort(reason);
        }
        yield Buffer.alloc(1024 * 1024);
      }
    };
    await expect(spool.compress('endless', Number.MAX_SAFE_INTEGER, endless())).rejects.toBe(reason);
    const readUntilAbort = read;
    await expect(spool.compress('next', Number.MAX_SAFE_INTEGER, endless())).rejects.toBe(reason);
    await spool.close();
    expect(read).toBe(readUntilAbort);
    expect(await readdir(directory)).toEqual([]);
  });

  it('names the layer and the directory when no file can be created, and can be closed nevertheless', async () => {
    const path = join(await temporaryDirectory(), 'file');
    await writeFile(path, '');
    const spool = createLayerSpool(path);
    const error = await spool.compress('a', 1, content('a')).catch((reason: unknown) => reason);
    expect(errorText(error)).toMatch(/^could not compress layer a into .+\/file: ENOTDIR/);
    await spool.close();
  });
});
