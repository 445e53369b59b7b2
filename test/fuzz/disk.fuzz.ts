// Fuzzes what lies on disk: tarballs and layouts that a put opens, trust data, and the end of a request on stdin.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import fc from 'fast-check';
import { afterAll, expect } from 'vitest';
import { openImage } from '../../src/disk/open-image.ts';
import { readDer } from '../../src/notary/der.ts';
import { parseMetadata } from '../../src/notary/signed-metadata.ts';
import { createDocumentEnd } from '../../src/process/first-document.ts';
import { dockerArchive, writeOciLayout } from '../support/image-files.ts';
import { buildImage, buildIndex } from '../support/images.ts';
import { file } from '../support/layers.ts';
import { fuzz, unlessRefused, unlessRejected } from './fuzzing.ts';
import { mutated, pieces, sizes } from './inputs.ts';

const directory = mkdtempSync(join(tmpdir(), 'fuzz-'));
const image = await buildImage({ format: 'docker', layers: [[file('a', 'content')], [file('b')]] });
const tarballs = await Promise.all(
  (['classic', 'docker25', 'compressed'] as const).map((layout) => dockerArchive(image, { layout })),
);
const index = buildIndex([image]);

afterAll(() => rmSync(directory, { recursive: true }));

/** Opens an image and reads all of its content. */
async function readImage(path: string): Promise<void> {
  const opened = await openImage(path, { temporaryDirectory: directory });
  try {
    for await (const node of opened.nodes(async () => false)) {
      await buffer(await node.open());
    }
  } finally {
    await opened.close();
  }
}

fuzz(
  'a tarball is opened and read or refused',
  mutated(tarballs, ['"Layers":', '../', 'sha256:', '[]', Buffer.alloc(512)]),
  async (bytes) => {
    const path = join(directory, 'image.tar');
    writeFileSync(path, bytes);
    await unlessRejected(() => readImage(path));
  },
  { share: 0.1 },
);

fuzz(
  'a layout is opened and read or refused',
  mutated(
    [index.bytes, JSON.stringify({ manifests: [] })],
    ['"size":', '-1', 'sha256:', '../', 'null', '"urls":["x"]'],
  ),
  async (bytes) => {
    const path = join(directory, 'layout');
    await writeOciLayout(path, index);
    writeFileSync(join(path, 'index.json'), bytes);
    await unlessRejected(() => readImage(path));
  },
  { share: 0.05 },
);

const metadata = JSON.stringify({
  signed: { _type: 'Root', version: 1, expires: '2100-01-01T00:00:00Z', keys: {}, roles: {} },
  signatures: [{ keyid: 'a', method: 'ecdsa', sig: 'AAAA' }],
});

fuzz('trust data is parsed or refused', mutated([metadata], ['null', '{}', '[]', '"']), (bytes) => {
  unlessRefused(() => parseMetadata(bytes, 'root'));
});

const der = Buffer.from('3013020101040500010203040603550406a003020105', 'hex');

fuzz(
  'DER is read or refused',
  mutated([der], [Buffer.from('3080', 'hex'), Buffer.from('84ffffffff', 'hex')]),
  (bytes) => {
    unlessRefused(() => readDer(bytes));
  },
);

fuzz(
  'the first document on stdin ends at the same place in pieces of any size',
  fc.tuple(mutated(['{"a":["}",{"b":"\\""}]} {"second":1}', ' [1]', '"text"'], ['"', '\\', '{', '}']), sizes),
  ([bytes, pieceSizes]) => {
    const isComplete = createDocumentEnd();
    const whole = createDocumentEnd()(bytes);
    expect(pieces(bytes, pieceSizes).some((piece) => isComplete(piece))).toBe(whole && bytes.length > 0);
  },
);
