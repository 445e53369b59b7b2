// What was promoted between docker-registry processes is found by crane, regctl and oras, where they are installed.
import { beforeAll, describe, expect, it } from 'vitest';
import { runProgram } from '../support/child-process.ts';
import { type DockerRegistry, startDockerRegistry } from '../support/docker-registry.ts';
import { buildImage, type Image } from '../support/images.ts';
import { imageWith, manifestText, textFile } from '../support/promotion.ts';
import { pushImage } from '../support/push-image.ts';
import { executablePath } from '../support/run.ts';
import { findProgram, missingPrograms, type OptionalProgram } from '../support/services.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const needed = missingPrograms(['docker-registry']);

const artifactType = 'application/vnd.test.sbom';
let image: Image;
let referrer: Image;

beforeAll(async () => {
  image = await imageWith('promoted');
  const { mediaType, digest, bytes } = image;
  referrer = await buildImage({
    manifest: { artifactType, subject: { mediaType, digest, size: bytes.length } },
  });
});

/** A registry without the referrers API, to which an image with a referrer was promoted, and its place there. */
async function promoted(): Promise<{ registry: DockerRegistry; source: DockerRegistry; place: string }> {
  const source = await startDockerRegistry();
  const registry = await startDockerRegistry();
  await pushImage(source, 'staging/app', image, '1.0');
  await pushImage(source, 'staging/app', referrer);
  const { mediaType, digest, bytes } = referrer;
  const index = JSON.stringify({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.index.v1+json',
    manifests: [{ mediaType, digest, size: bytes.length, artifactType }],
  });
  const response = await fetch(`${source.url}/v2/staging/app/manifests/${image.digest.replace(':', '-')}`, {
    method: 'PUT',
    headers: { 'content-type': 'application/vnd.oci.image.index.v1+json' },
    body: index,
  });
  expect(response.status).toBe(201);
  const manifest = await textFile(
    'manifest.yaml',
    manifestText(`${source.host}/staging`, [`${registry.host}/prod`], { app: [[image, '1.0']] }),
  );
  const { status } = await runProgram(
    executablePath('registry-image'),
    ['promote', '--manifest', manifest, '--confirm'],
    { environment: { HOME: '/nonexistent' } },
  );
  expect(status).toBe(0);
  return { registry, source, place: `${registry.host}/prod/app:1.0` };
}

const peers: readonly {
  readonly program: OptionalProgram;
  readonly finds: string;
  args(registry: DockerRegistry, place: string): readonly string[];
  expected(): string;
}[] = [
  {
    program: 'crane',
    finds: 'the digest under the tag',
    args: (_, place) => ['digest', '--insecure', place],
    expected: () => image.digest,
  },
  {
    program: 'regctl',
    finds: 'the referrer of the image',
    args: ({ host }, place) => ['--host', `reg=${host},tls=disabled`, 'artifact', 'tree', place],
    expected: () => referrer.digest,
  },
  {
    program: 'oras',
    finds: 'the referrer of the image',
    args: (_, place) => ['discover', '--plain-http', '--format', 'json', place],
    expected: () => referrer.digest,
  },
];

describe.each(peers)('$program', ({ program, finds, args, expected }) => {
  const path = findProgram(program);
  it.skipIf(path === undefined || needed.length > 0)(`finds ${finds} that was promoted`, async () => {
    const { registry, source, place } = await promoted();
    await using _registries = registry;
    await using _source = source;
    const { status, stdout, stderr } = await runProgram(path ?? '', args(registry, place), {
      environment: { HOME: await temporaryDirectory() },
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: expect.any(String) });
    expect(stdout).toContain(expected());
  });
});
