// registry-image attest: what it stores and prints, and its exit codes.
import { beforeEach, describe, expect, it } from 'vitest';
import { readPublicKey } from '../../src/signing/public-key.ts';
import type { Image } from '../support/images.ts';
import { imageWith, registryWith, textFile } from '../support/promotion.ts';
import type { TestRegistry } from '../support/registry.ts';
import { runCli, runCliJson } from '../support/run-cli.ts';
import { createKey } from '../support/signatures.ts';

const name = 'team/app';
const key = createKey();
const id = readPublicKey(key.publicPem, 'the key').id;
let registry: TestRegistry;
let image: Image;
let reference: string;
let keyFile: string;
let predicate: string;

beforeEach(async () => {
  image = await imageWith('to be attested');
  registry = await registryWith({ [`${name}:1.0`]: image }, { referrers: true });
  reference = `${registry.host}/${name}:1.0`;
  keyFile = await textFile('signing.key', key.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
  predicate = await textFile('sbom.json', '{"spdxVersion":"SPDX-2.3"}');
});

const options = () => ['--key', keyFile, '--type', 'spdxjson', '--predicate', predicate];

it('attests once, and says so the second time', async () => {
  const { code, stdout, stderr } = await runCli(['attest', reference, ...options()]);
  const lines = stdout.trimEnd().split('\n');
  expect(code, stderr).toBe(0);
  expect(lines[0]).toMatch(/^DIGEST +TYPE +MANIFEST +OUTCOME$/);
  expect(lines[1]).toMatch(new RegExp(`^${image.digest} +https://spdx.dev/Document +sha256:\\w+ +attested$`));
  expect(lines[2]).toBe(`${registry.host}/${name}@${image.digest} is attested by key ${id}`);
  expect((await runCli(['attest', reference, ...options()])).stdout).toMatch(/ present$/m);
});

it('prints one document with --json', async () => {
  const { code, json } = await runCliJson(['attest', reference, ...options()]);
  expect({ code, json }).toEqual({
    code: 0,
    json: {
      repository: `${registry.host}/${name}`,
      tag: '1.0',
      digest: image.digest,
      key: id,
      identity: null,
      type: 'https://spdx.dev/Document',
      manifest: expect.stringMatching(/^sha256:/),
      outcome: 'attested',
    },
  });
});

it('is no signature', async () => {
  await runCli(['attest', reference, ...options()]);
  const publicFile = await textFile('signing.pub', key.publicPem);
  const { code, stdout } = await runCli(['verify', reference, '--key', publicFile]);
  expect(code).toBe(1);
  expect(stdout).toContain('https://spdx.dev/Document');
});

it('attests nothing in a repository that the settings file does not allow', async () => {
  const config = await textFile('settings.yaml', 'allow_destinations: ["^elsewhere/"]\n');
  const { code, stderr } = await runCli(['attest', reference, ...options(), '--config', config]);
  expect(code).toBe(1);
  expect(stderr).toContain('allow_destinations of the settings file does not allow');
  expect(registry.requests).toEqual([]);
});

describe('fails before any request', () => {
  it.each([
    ['without a key', ['--type', 'spdxjson', '--predicate', 'FILE'], '--key is missing'],
    ['without a predicate', ['--key', 'KEY', '--type', 'spdxjson'], '--predicate is missing'],
    ['without a type', ['--key', 'KEY', '--predicate', 'FILE'], '--type is missing'],
    [
      'with an unknown type',
      ['--key', 'KEY', '--predicate', 'FILE', '--type', 'sbom'],
      '--type is no type of an attestation: "sbom"',
    ],
    [
      'with a predicate that is no JSON',
      ['--key', 'KEY', '--predicate', 'KEY', '--type', 'vuln'],
      '--predicate is not a JSON object, as the type vuln requires',
    ],
    [
      'with a predicate that does not exist',
      ['--key', 'KEY', '--predicate', '/nonexistent', '--type', 'vuln'],
      '--predicate "/nonexistent" cannot be read: no such file or directory',
    ],
    [
      'with a directory as predicate',
      ['--key', 'KEY', '--predicate', '/', '--type', 'vuln'],
      '--predicate "/" cannot be read: it is not a regular file',
    ],
  ])('%s', async (_, more, message) => {
    const files: Record<string, string> = { KEY: keyFile, FILE: predicate };
    const { code, stdout, stderr } = await runCli([
      'attest',
      reference,
      ...more.map((each) => files[each] ?? each),
    ]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(message);
    expect(registry.requests).toEqual([]);
  });
});
