// Attestations through the executables: each kind of key, what is stored, and that cosign accepts it where it is installed.
import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { signedStatements } from '../support/attestations.ts';
import { runProgram } from '../support/child-process.ts';
import { describeServices } from '../support/describe-services.ts';
import { startDockerRegistry } from '../support/docker-registry.ts';
import { dockerArchive } from '../support/image-files.ts';
import { buildImage, type Image, seed } from '../support/images.ts';
import { file } from '../support/layers.ts';
import { textFile } from '../support/promotion.ts';
import { pushImage } from '../support/push-image.ts';
import { registryForTest } from '../support/registry-for-test.ts';
import { runExecutable, runRegistryImageExecutable } from '../support/run.ts';
import { findProgram, missingPrograms } from '../support/services.ts';
import { createKey, keyKinds, type TestKey } from '../support/signatures.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const name = 'team/app';
const environment = { TEST: 'true', HOME: '/nonexistent' };
const sbom = '{"spdxVersion": "SPDX-2.3", "packages": []}';
let image: Image;

beforeAll(async () => {
  image = await buildImage({ layers: [[file('etc/motd', 'hello')]] });
});

const privatePem = ({ privateKey }: TestKey) =>
  privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();

async function attest(
  { host }: { readonly host: string },
  pem: string,
  { type = 'spdxjson', content = sbom, password = '' } = {},
) {
  const files = [await textFile('signing.key', pem), await textFile('predicate', content)];
  const [key = '', predicate = ''] = files;
  return await runRegistryImageExecutable(
    ['attest', `${host}/${name}@${image.digest}`, '--key', key, '--type', type, '--predicate', predicate],
    { environment: { ...environment, COSIGN_PASSWORD: password } },
  );
}

describe.each(keyKinds)('a private key of the kind %s', (kind) => {
  it('attests a predicate once', async () => {
    const registry = await registryForTest({ referrers: true });
    seed(registry, name, '1.0', image);
    const key = createKey(kind);
    expect(await attest(registry, privatePem(key))).toMatchObject({
      status: 0,
      stderr: '',
      stdout: expect.stringMatching(/ attested$/m),
    });
    expect(await attest(registry, privatePem(key))).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/ present$/m),
    });
    expect(signedStatements(registry, name, key, 'https://spdx.dev/Document')).toEqual([
      {
        _type: 'https://in-toto.io/Statement/v1',
        subject: [{ name: `${registry.host}/${name}`, digest: { sha256: image.digest.slice(7) } }],
        predicateType: 'https://spdx.dev/Document',
        predicate: JSON.parse(sbom),
      },
    ]);
  });
});

describe('a put with attest', () => {
  it('attests what it publishes, beside its signature', async () => {
    const registry = await registryForTest({ referrers: true });
    const key = createKey();
    const directory = await temporaryDirectory();
    await writeFile(join(directory, 'image.tar'), await dockerArchive(image));
    await mkdir(join(directory, 'sbom'));
    await writeFile(join(directory, 'sbom', 'spdx.json'), sbom);
    const { status, stdout } = await runExecutable('out', {
      request: {
        source: { repository: `${registry.host}/${name}` },
        params: {
          image: 'image.tar',
          tags: ['1.0'],
          sign: { key: privatePem(key), attest: { type: 'spdxjson', predicate: 'sbom/spdx.json' } },
        },
      },
      directory,
    });
    expect(status).toBe(0);
    const { digest } = JSON.parse(stdout).version;
    const subject = [expect.objectContaining({ digest: { sha256: digest.slice(7) } })];
    expect(signedStatements(registry, name, key, 'https://spdx.dev/Document')).toMatchObject([
      { subject, predicate: JSON.parse(sbom) },
    ]);
    expect(signedStatements(registry, name, key, 'https://sigstore.dev/cosign/sign/v1')).toMatchObject([
      { subject },
    ]);
  });
});

describe('a get that requires attestations', () => {
  it('accepts what a put has attested, and nothing that it has not', async () => {
    const registry = await registryForTest({ referrers: true });
    const key = createKey();
    const directory = await temporaryDirectory();
    await writeFile(join(directory, 'image.tar'), await dockerArchive(image));
    await writeFile(join(directory, 'spdx.json'), sbom);
    const repository = `${registry.host}/${name}`;
    const sign = { key: privatePem(key), attest: { type: 'spdxjson', predicate: 'spdx.json' } };
    const { stdout } = await runExecutable('out', {
      request: { source: { repository }, params: { image: 'image.tar', tags: ['1.0'], sign } },
      directory,
    });
    const { version } = JSON.parse(stdout);
    const requiring = async (...types: readonly string[]) => {
      const verify = { keys: [key.publicPem], require_predicates: types };
      const request = { source: { repository, verify }, version, params: { skip_download: true } };
      return (await runExecutable('in', { request, directory: await temporaryDirectory() })).status;
    };
    expect([await requiring('sbom'), await requiring('spdxjson'), await requiring('sbom', 'vuln')]).toEqual([
      0, 0, 1,
    ]);
  });
});

describeServices(['docker-registry'], 'on a real registry without a referrers endpoint', () => {
  it('attests a predicate once', async () => {
    await using registry = await startDockerRegistry();
    await pushImage(registry, name, image, '1.0');
    const pem = privatePem(createKey());
    expect((await attest(registry, pem)).stdout).toMatch(/ attested$/m);
    expect((await attest(registry, pem)).stdout).toMatch(/ present$/m);
  });
});

const cosign = findProgram('cosign');
const needed = missingPrograms(['docker-registry']);

describe.skipIf(cosign === undefined || needed.length > 0)('where cosign is installed', () => {
  const runCosign = async (home: string, ...args: readonly string[]) =>
    (await runProgram(cosign ?? '', args, { environment: { HOME: home, COSIGN_PASSWORD: 'secret' } })).status;

  it.each([
    ['spdxjson', sbom],
    ['spdx', 'SPDXVersion: SPDX-2.3'],
    ['cyclonedx', '{"bomFormat":"CycloneDX"}'],
    ['custom', 'reviewed'],
    ['https://example.com/review/v1', '{"by":"me"}'],
  ])('it verifies an attestation of the type %s that was made here', async (type, content) => {
    await using registry = await startDockerRegistry();
    await pushImage(registry, name, image, '1.0');
    const home = await temporaryDirectory();
    const key = createKey();
    await attest(registry, privatePem(key), { type, content });
    const accepts = async ({ publicPem }: TestKey, wanted: string) =>
      (await runCosign(
        home,
        'verify-attestation',
        '--insecure-ignore-tlog',
        '--key',
        await textFile('cosign.pub', publicPem),
        '--type',
        wanted,
        `${registry.host}/${name}@${image.digest}`,
      )) === 0;
    expect([
      await accepts(key, type),
      await accepts(createKey(), type),
      await accepts(key, 'slsaprovenance1'),
    ]).toEqual([true, false, false]);
  });

  it('one of its own by the same key is not made again', async () => {
    await using registry = await startDockerRegistry();
    await pushImage(registry, name, image, '1.0');
    const home = await temporaryDirectory();
    const prefix = join(home, 'their');
    await runCosign(home, 'generate-key-pair', '--output-key-prefix', prefix);
    const status = await runCosign(
      home,
      'attest',
      ...['--key', `${prefix}.key`, '--tlog-upload=false', '--use-signing-config=false', '-y'],
      ...['--type', 'cyclonedx', '--predicate', await textFile('bom.json', '{"bomFormat":"CycloneDX"}')],
      `${registry.host}/${name}@${image.digest}`,
    );
    expect(status).toBe(0);
    const pem = readFileSync(`${prefix}.key`, 'utf8');
    const again = { type: 'cyclonedx', content: '{ "bomFormat": "CycloneDX" }', password: 'secret' };
    expect(await attest(registry, pem, again)).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/ present$/m),
    });
  });
});
