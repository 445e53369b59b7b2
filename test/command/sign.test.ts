// params.sign of a put: signed by digest before a tag moves, so that the tag is never there without its signature.
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { runIn } from '../../src/command/in.ts';
import { runOut } from '../../src/command/out.ts';
import { readPublicKey } from '../../src/signing/public-key.ts';
import { dockerArchive } from '../support/image-files.ts';
import { buildImage, buildIndex, type Image, jsonDocument, seed } from '../support/images.ts';
import { storedBundles, verifiedBundle } from '../support/keyless.ts';
import { file } from '../support/layers.ts';
import type { TestRegistry } from '../support/registry.ts';
import { registryForTest } from '../support/registry-for-test.ts';
import { runCli } from '../support/run-cli.ts';
import { runCommand } from '../support/run-command.ts';
import { createKey, signSeeded } from '../support/signatures.ts';
import { identityToken, type SigstoreServer, startSigstore } from '../support/sigstore-server.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const name = 'team/app';
const key = createKey();
const other = createKey();
const pem = key.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const signer = `by key ${readPublicKey(key.publicPem, 'the key').id}`;

let registry: TestRegistry;
let directory: string;
let image: Image;

beforeEach(async () => {
  registry = await registryForTest({ referrers: true });
  directory = await temporaryDirectory();
  image = await buildImage({ layers: [[file('etc/motd', 'hello')]] });
});

async function put(params: object, source: object = {}) {
  const { answer, stderr } = await runCommand(runOut, {
    request: { source: { repository: `${registry.host}/${name}`, ...source }, params },
    directory,
  });
  return { answer: answer === undefined ? undefined : JSON.parse(answer), stderr };
}

async function get(digest: string) {
  const { answer, stderr } = await runCommand(runIn, {
    request: {
      source: { repository: `${registry.host}/${name}`, verify: { keys: [key.publicPem] } },
      version: { tag: '1.0', digest },
    },
    directory: await temporaryDirectory(),
  });
  return { isFetched: answer !== undefined, stderr };
}

const manifestWrites = () =>
  registry.journal.select({ method: 'PUT', path: /\/manifests\// }).map(({ path }) => path.split('/').at(-1));

describe('a put with sign', () => {
  beforeEach(async () => {
    await writeFile(join(directory, 'image.tar'), await dockerArchive(image));
  });

  it.each(['bundle', 'legacy', 'both'])(
    'publishes an image that a get with verify accepts: %s',
    async (format) => {
      const { answer, stderr } = await put({ image: 'image.tar', tags: ['1.0'], sign: { key: pem, format } });
      expect(answer?.metadata, stderr).toContainEqual({ name: 'signed', value: signer });
      expect(await get(answer?.version.digest)).toMatchObject({ isFetched: true });
    },
  );

  it('stores the image and its signatures before the first tag', async () => {
    const { answer } = await put({
      image: 'image.tar',
      tags: ['1.0', '1.1'],
      sign: { key: pem, format: 'both' },
    });
    const writes = manifestWrites();
    expect(writes).toHaveLength(5);
    expect(writes[0]).toBe(answer.version.digest);
    expect(writes[2]).toBe(`sha256-${answer.version.digest.slice(7)}.sig`);
    expect(writes.slice(3).sort()).toEqual(['1.0', '1.1']);
  });

  it('moves no tag when the signature cannot be stored', async () => {
    registry = await registryForTest({
      referrers: true,
      faults: [{ method: 'PUT', path: /\.sig$/, fault: { kind: 'status', status: 403 } }],
    });
    const { answer, stderr } = await put({
      image: 'image.tar',
      tags: ['1.0'],
      sign: { key: pem, format: 'legacy' },
    });
    expect(answer).toBeUndefined();
    expect(stderr).toContain(`signing ${registry.host}/${name}@sha256:`);
    expect(registry.tags(name)).toEqual([]);
  });

  it('adds nothing when the same image is put again', async () => {
    const params = { image: 'image.tar', tags: ['1.0'], sign: { key: pem } };
    await put(params);
    const before = registry.digests(name);
    const { answer, stderr } = await put(params);
    expect(answer?.metadata).toContainEqual({ name: 'signed', value: signer });
    expect(stderr).toContain('already signed: ');
    expect(registry.digests(name)).toEqual(before);
  });

  it('signs what is published already with only_if_changed', async () => {
    const unsigned = await put({ image: 'image.tar', tags: ['1.0'] });
    const { answer } = await put({
      image: 'image.tar',
      tags: ['1.0'],
      only_if_changed: true,
      sign: { key: pem },
    });
    expect(answer?.version).toEqual(unsigned.answer.version);
    expect(answer?.metadata).toContainEqual({ name: 'signed', value: signer });
    expect(await get(answer.version.digest)).toMatchObject({ isFetched: true });
  });

  it('does not sign what another one has published with the same config, with only_if_changed', async () => {
    const mine = await put({ image: 'image.tar', tags: ['0.9'] });
    const served = registry.manifest(name, '0.9');
    const document = JSON.parse(Buffer.from(served?.bytes ?? []).toString());
    const evil = await buildImage({ layers: [[file('etc/motd', 'evil')]] });
    seed(registry, name, 'evil', evil);
    const layers = JSON.parse(Buffer.from(evil.bytes).toString()).layers;
    const forged = jsonDocument(served?.mediaType ?? '', { ...document, layers });
    registry.putManifest(name, '1.0', forged.mediaType, forged.bytes);
    const params = { image: 'image.tar', tags: ['1.0'], only_if_changed: true, sign: { key: pem } };
    const { answer, stderr } = await put(params);
    expect(answer?.version.digest, stderr).toBe(mine.answer.version.digest);
    expect(await get(forged.digest)).toMatchObject({ isFetched: false });
    expect(await get(mine.answer.version.digest)).toMatchObject({ isFetched: true });
  });

  it('signs nothing when every tag stays on another image', async () => {
    seed(registry, name, '1.0', await buildImage());
    const { answer } = await put({
      image: 'image.tar',
      tags: ['1.0'],
      immutable_tags: true,
      on_conflict: 'skip',
      sign: { key: pem },
    });
    const signed = answer.metadata.filter((field: { name: string }) => field.name === 'signed');
    expect(signed).toEqual([]);
    expect(registry.digests(name)).toHaveLength(1);
  });

  it('writes neither the key nor its password into any output', async () => {
    const encrypted = key.privateKey
      .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'open sesame' })
      .toString();
    for (const password of ['open sesame', 'close sesame']) {
      const { answer, stderr } = await put(
        { image: 'image.tar', tags: ['1.0'], sign: { key: encrypted, password } },
        { debug: true },
      );
      const output = `${JSON.stringify(answer)}${stderr}`;
      expect(answer === undefined).toBe(password === 'close sesame');
      for (const secret of [password, ...encrypted.split('\n').slice(1, -2)]) {
        expect(output).not.toContain(secret);
      }
    }
  });
});

describe('a put with attest', () => {
  const attest = { type: 'cyclonedx', predicate: 'sbom/bom.json' };
  const params = { image: 'image.tar', tags: ['1.0'], sign: { key: pem, attest } };

  beforeEach(async () => {
    await writeFile(join(directory, 'image.tar'), await dockerArchive(image));
    await mkdir(join(directory, 'sbom'));
    await writeFile(join(directory, 'sbom', 'bom.json'), '{"bomFormat":"CycloneDX"}');
  });

  it('stores the image, its signature and its attestation before the tag', async () => {
    const { answer, stderr } = await put(params);
    const writes = manifestWrites();
    const [, , attestation = ''] = writes;
    expect(writes, stderr).toEqual([
      answer.version.digest,
      expect.stringMatching(/^sha256:/),
      expect.stringMatching(/^sha256:/),
      '1.0',
    ]);
    const { subject, annotations } = JSON.parse(registry.manifest(name, attestation)?.bytes.toString() ?? '');
    expect(subject.digest).toBe(answer.version.digest);
    expect(annotations).toMatchObject({ 'dev.sigstore.bundle.predicateType': 'https://cyclonedx.org/bom' });
    expect(stderr).toContain(
      `attested ${answer.version.digest} as https://cyclonedx.org/bom (${attestation})`,
    );
    expect(await get(answer.version.digest)).toMatchObject({ isFetched: true });
  });

  it('adds nothing when the same image is put again', async () => {
    await put(params);
    const before = registry.digests(name);
    const { answer, stderr } = await put(params);
    expect(answer, stderr).toBeDefined();
    expect(stderr).toContain('already attested: ');
    expect(registry.digests(name)).toEqual(before);
  });

  it('moves no tag when the attestation cannot be stored', async () => {
    let written = 0;
    registry = await registryForTest({
      referrers: true,
      // The image and its signature come first.
      beside: ({ method, path }) =>
        method === 'PUT' && path.includes('/manifests/') && ++written > 2 ? { status: 403 } : undefined,
    });
    const { answer, stderr } = await put(params);
    expect(answer).toBeUndefined();
    expect(stderr).toContain(`attesting ${registry.host}/${name}@sha256:`);
    expect(registry.tags(name)).toEqual([]);
  });

  it('does not publish what a link of the build leads to outside of it', async () => {
    const secret = join(await temporaryDirectory(), 'secret.json');
    await writeFile(secret, '{"token":"open sesame"}');
    await symlink(secret, join(directory, 'sbom', 'link.json'));
    await symlink('bom.json', join(directory, 'sbom', 'inside.json'));
    const attested = (predicate: string) =>
      put({ ...params, sign: { key: pem, attest: { ...attest, predicate } } });
    const { answer, stderr } = await attested('sbom/link.json');
    expect(answer).toBeUndefined();
    expect(stderr).toContain(
      `link.json is a link to ${secret}, which is not below the directory of the artifacts`,
    );
    expect(registry.requests).toEqual([]);
    expect((await attested('sbom/inside.json')).answer).toBeDefined();
  });

  it.each([
    ['null', null, 'params.sign.attest.predicate is missing'],
    ['no predicate', { type: 'vuln' }, 'params.sign.attest.predicate is missing'],
    ['no type', { predicate: 'sbom/bom.json' }, 'params.sign.attest.type is missing'],
    [
      'an unknown type',
      { ...attest, type: 'bom' },
      'params.sign.attest.type is no type of an attestation: "bom"',
    ],
    [
      'a file that does not exist',
      { ...attest, predicate: 'bom.json' },
      'bom.json" cannot be read: no such file',
    ],
    ['a file of another kind', { ...attest, predicate: 'image.tar' }, 'predicate is not a JSON object'],
  ])('fails before any request for %s', async (_, wrong, message) => {
    const { answer, stderr } = await put({ ...params, sign: { key: pem, attest: wrong } });
    expect(answer).toBeUndefined();
    expect(stderr).toContain(message);
    expect(registry.requests).toEqual([]);
  });
});

describe('a put with an identity', () => {
  const identity = { issuer: 'https://issuer.test', subject: 'https://ci.test/team/app' };
  const type = 'https://sigstore.dev/cosign/sign/v1';
  const token = identityToken(identity);
  const keyless = ({ url }: SigstoreServer) => ({
    identity_token: token,
    fulcio_url: url,
    rekor_url: url,
    timestamp_url: `${url}/api/v1/timestamp`,
  });

  beforeEach(async () => {
    await writeFile(join(directory, 'image.tar'), await dockerArchive(image));
  });

  it('signs before the tag moves, and shows the token nowhere', async () => {
    await using server = await startSigstore();
    const params = { image: 'image.tar', tags: ['1.0'], sign: keyless(server) };
    const { answer, stderr } = await put(params, { debug: true });
    const signed = `by ${identity.subject} (${identity.issuer})`;
    expect(answer?.metadata, stderr).toContainEqual({ name: 'signed', value: signed });
    expect(manifestWrites()).toEqual([answer.version.digest, expect.stringMatching(/^sha256:/), '1.0']);
    const [bundle] = storedBundles(registry, name, type);
    expect(bundle && verifiedBundle(server.sigstore, bundle)).toMatchObject({
      ...identity,
      statement: { subject: [{ digest: { sha256: answer.version.digest.slice(7) } }] },
    });
    expect(`${JSON.stringify(answer)}${stderr}`).not.toContain(token);
    expect((await put(params)).stderr).toContain('already signed: ');
    expect(storedBundles(registry, name, type)).toHaveLength(1);
  });

  it('with only_if_changed keeps what the same identity has signed, and replaces what only looks the same', async () => {
    await using server = await startSigstore();
    const params = { image: 'image.tar', tags: ['1.0'], only_if_changed: true, sign: keyless(server) };
    // The same but for its time of creation.
    const earlier = await buildImage({
      layers: [[file('etc/motd', 'hello')]],
      created: '2020-01-01T00:00:00Z',
    });
    seed(registry, name, '1.0', earlier);
    const first = await put(params);
    expect(first.answer?.version.digest, first.stderr).not.toBe(earlier.digest);
    seed(registry, name, '1.0', earlier);
    await runCli(
      [
        'sign',
        `${registry.host}/${name}:1.0`,
        '--fulcio-url',
        server.url,
        '--rekor-url',
        server.url,
        '--timestamp-url',
        `${server.url}/api/v1/timestamp`,
      ],
      {
        environment: { SIGSTORE_ID_TOKEN: token },
      },
    );
    const second = await put(params);
    expect(second.answer?.version.digest, second.stderr).toBe(earlier.digest);
  });

  it('moves no tag when Fulcio refuses', async () => {
    await using server = await startSigstore();
    server.faults.add({
      method: 'POST',
      path: '/api/v2/signingCert',
      fault: { kind: 'status', status: 401 },
    });
    const { answer, stderr } = await put({ image: 'image.tar', tags: ['1.0'], sign: keyless(server) });
    expect(answer).toBeUndefined();
    expect(stderr).toContain('Fulcio has issued no certificate');
    expect(registry.tags(name)).toEqual([]);
  });

  it.each<[string, object, string]>([
    ['a key, too', { key: pem }, 'params.sign.key is set together with an identity'],
    ['no Fulcio', { fulcio_url: '' }, 'params.sign.fulcio_url is missing'],
    ['no token', { identity_token: '' }, 'params.sign.identity_token is missing'],
    ['a token that is none', { identity_token: 'secret' }, 'params.sign.identity_token is no identity token'],
    [
      'neither log nor timestamp',
      { rekor_url: '', timestamp_url: '' },
      'neither params.sign.rekor_url nor params.sign.timestamp_url is set',
    ],
    ['http', { rekor_url: 'http://rekor.test' }, 'params.sign.rekor_url is not an https URL'],
    ['the legacy format', { format: 'legacy' }, 'params.sign.format legacy needs a key'],
  ])('fails before any request for %s', async (_, wrong, message) => {
    await using server = await startSigstore();
    const sign = { ...keyless(server), ...wrong };
    const { answer, stderr } = await put({ image: 'image.tar', tags: ['1.0'], sign });
    expect(answer).toBeUndefined();
    expect(stderr).toContain(message);
    expect([...registry.requests, ...server.journal.requests]).toEqual([]);
  });
});

describe('a put with from and sign', () => {
  it('keeps the signatures that travel along, and adds its own', async () => {
    const index = buildIndex([image, await buildImage({ platform: { os: 'linux', architecture: 'arm64' } })]);
    seed(registry, 'staging/app', 'next', index);
    signSeeded(registry, 'staging/app', index, other, 'legacy');
    signSeeded(registry, 'staging/app', index, other, 'bundle');
    const { answer, stderr } = await put({
      from: `${registry.host}/staging/app:next`,
      tags: ['1.0'],
      sign: { key: pem, format: 'both', recursive: true, annotations: { promoted: 'yes' } },
    });
    expect(answer?.version.digest, stderr).toBe(index.digest);
    const counts = await Promise.all(
      [key, other].map(async ({ publicPem }) => {
        const { answer: found, stderr: log } = await runCommand(runIn, {
          request: {
            source: { repository: `${registry.host}/${name}`, verify: { keys: [publicPem] } },
            version: { tag: '1.0', digest: index.digest },
          },
          directory: await temporaryDirectory(),
        });
        return found === undefined ? log : 'fetched';
      }),
    );
    expect(counts).toEqual(['fetched', 'fetched']);
    expect(await get(image.digest)).toMatchObject({ isFetched: true });
  });
});

describe('settings that cannot be used fail before any request:', () => {
  it.each([
    ['no key', {}, 'params.sign.key is missing'],
    ['null', null, 'params.sign.key is missing'],
    ['a public key', { key: key.publicPem }, 'params.sign.key is a PEM block of the type PUBLIC KEY'],
    ['an unknown format', { key: pem, format: 'cosign' }, 'params.sign.format is bundle, legacy or both'],
  ])('%s', async (_, sign, message) => {
    await writeFile(join(directory, 'image.tar'), await dockerArchive(image));
    const { answer, stderr } = await put({ image: 'image.tar', tags: ['1.0'], sign });
    expect(answer).toBeUndefined();
    expect(stderr).toContain(message);
    expect(registry.requests).toEqual([]);
  });
});
