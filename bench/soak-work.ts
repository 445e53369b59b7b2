// The work of the soak test: checks, gets and puts with the results that they must have.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { digestHex } from '../src/oci/digest.ts';
import { contentOf, dockerArchive } from '../test/support/image-files.ts';
import { buildImage, type Image } from '../test/support/images.ts';
import { file } from '../test/support/layers.ts';
import { plainRequest } from '../test/support/plain-client.ts';
import type { ExecutableName } from '../test/support/run.ts';
import { numbersFrom } from './layer-content.ts';

/** Runs a command with a request and returns its answer; rejects with its log when it fails. */
export type Run = (name: ExecutableName, request: object, directory?: string) => Promise<string>;

/** The registry behind the proxy, and a directory for files. */
export interface SoakSetup {
  /** `host:port` of the proxy, which commands use. */
  readonly proxy: string;
  /** The URL of the registry itself, for preparations and for verification. */
  readonly registry: string;
  readonly directory: string;
  readonly run: Run;
}

/** One piece of work. It throws when the result is wrong. */
export type Work = (number: number) => Promise<void>;

const versions = 12;
const repository = 'soak/versions';
const formats = ['rootfs', 'oci', 'oci-layout'] as const;

/** An image with layers of some hundred kilobytes that cannot be compressed well. */
function soakImage(seed: number): Promise<Image> {
  const random = numbersFrom(seed);
  const noise = (size: number) => Buffer.from(Array.from({ length: size }, () => Math.floor(random() * 256)));
  return buildImage({
    format: 'docker',
    layers: [[file('large', noise(200_000)), file('seed', String(seed))], [file('small', noise(20_000))]],
    run: { Env: [`SEED=${seed}`] },
  });
}

/** Pushes the versions that checks and gets use, past the proxy, and returns the three kinds of work. */
export async function prepareWork(setup: SoakSetup): Promise<Record<'check' | 'get' | 'put', Work>> {
  const images: Image[] = [];
  const direct = setup.registry.replace(/^http:\/\//, '');
  const put = async (host: string, image: Image, source: object, params: object): Promise<string> => {
    const directory = await mkdtemp(join(setup.directory, 'put-'));
    await writeFile(join(directory, 'image.tar'), await dockerArchive(image, { layout: 'compressed' }));
    const request = {
      source: { repository: `${host}/${repository}`, ...source },
      params: { image: 'image.tar', ...params },
    };
    const answer = JSON.parse(await setup.run('out', request, directory));
    await rm(directory, { recursive: true });
    return answer.version.digest;
  };
  for (let number = 0; number < versions; number++) {
    const image = await soakImage(number);
    images.push(image);
    expectEqual(await put(direct, image, {}, { version: `1.${number}.0` }), image.digest);
  }
  const source = { repository: `${setup.proxy}/${repository}` };
  const expected = images.map(({ digest }, number) => ({ tag: `1.${number}.0`, digest }));
  return {
    async check(number) {
      const from = number % versions;
      const request = number % 5 === 0 ? { source } : { source, version: expected[from] };
      const answer = JSON.parse(await setup.run('check', request));
      expectEqual(JSON.stringify(answer), JSON.stringify(number % 5 === 0 ? expected : expected.slice(from)));
    },
    async get(number) {
      const image = images[number % versions] ?? (await soakImage(0));
      const version = { tag: 'any', digest: image.digest };
      const format = formats[number % formats.length];
      const directory = await mkdtemp(join(setup.directory, 'get-'));
      await setup.run('in', { source, version, params: { format } }, directory);
      await verifyGet(directory, image, format ?? 'rootfs');
      await rm(directory, { recursive: true });
    },
    async put(number) {
      const image = await soakImage(1000 + number);
      const target = { repository: `${setup.proxy}/soak/put`, tag: `v${number}` };
      expectEqual(await put(setup.proxy, image, target, {}), image.digest);
      const url = `${setup.registry}/v2/soak/put/manifests/v${number}`;
      const stored = await plainRequest(url, { headers: { accept: image.mediaType } });
      expectEqual(stored.body.toString(), image.bytes.toString());
    },
  };
}

async function verifyGet(
  directory: string,
  image: Image,
  format: 'rootfs' | 'oci' | 'oci-layout',
): Promise<void> {
  expectEqual(await readFile(join(directory, 'digest'), 'utf8'), image.digest);
  switch (format) {
    case 'rootfs': {
      const seed = JSON.parse(image.config.bytes.toString()).config.Env[0].replace('SEED=', '');
      expectEqual(await readFile(join(directory, 'rootfs', 'seed'), 'utf8'), seed);
      return;
    }
    case 'oci': {
      const archive = await readFile(join(directory, 'image.tar'));
      for (const { bytes } of [image.config, ...image.layers]) {
        expectEqual(archive.includes(bytes), true);
      }
      return;
    }
    case 'oci-layout':
      for (const { digest, bytes } of contentOf(image)) {
        const path = join(directory, 'oci', 'blobs', 'sha256', digestHex(digest));
        expectEqual((await readFile(path)).equals(bytes), true);
      }
  }
}

function expectEqual<Value>(found: Value, expected: Value): void {
  if (found !== expected) {
    throw new Error(`wrong result: ${String(found).slice(0, 300)}, not ${String(expected).slice(0, 300)}`);
  }
}
