// registry-image sign: what it stores and prints, and its exit codes.
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
let privateFile: string;
let publicFile: string;

beforeEach(async () => {
  image = await imageWith('to be signed');
  registry = await registryWith({ [`${name}:1.0`]: image }, { referrers: true });
  reference = `${registry.host}/${name}:1.0`;
  const pem = key.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  privateFile = await textFile('signing.key', pem);
  publicFile = await textFile('signing.pub', key.publicPem);
});

it('signs what verify verifies, and says so the second time', async () => {
  const { code, stdout } = await runCli(['sign', reference, '--key', privateFile]);
  const lines = stdout.trimEnd().split('\n');
  expect(code).toBe(0);
  expect(lines[1]).toMatch(new RegExp(`^${image.digest} +bundle +sha256:\\w+ +signed$`));
  expect(lines[2]).toBe(`${registry.host}/${name}@${image.digest} is signed by key ${id}`);
  expect((await runCli(['verify', reference, '--key', publicFile])).code).toBe(0);
  expect((await runCli(['sign', reference, '--key', privateFile])).stdout).toMatch(/ present$/m);
});

it('prints one document with --json', async () => {
  const { code, json } = await runCliJson([
    'sign',
    reference,
    '--key',
    privateFile,
    '--format',
    'both',
    '--annotation',
    'env=prod',
  ]);
  const signature = { digest: image.digest, manifest: expect.stringMatching(/^sha256:/), outcome: 'signed' };
  expect({ code, json }).toEqual({
    code: 0,
    json: {
      repository: `${registry.host}/${name}`,
      tag: '1.0',
      digest: image.digest,
      key: id,
      identity: null,
      signatures: [
        { ...signature, format: 'bundle' },
        { ...signature, format: 'legacy' },
      ],
    },
  });
  const verify = ['verify', reference, '--key', publicFile, '--annotation'];
  expect((await runCli([...verify, 'env=prod'])).code).toBe(0);
  expect((await runCli([...verify, 'env=test'])).code).toBe(1);
});

it('takes the password of the key from COSIGN_PASSWORD, and shows it nowhere', async () => {
  const pem = key.privateKey
    .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'open sesame' })
    .toString();
  const encrypted = await textFile('signing.key', pem);
  const sign = (password: string) =>
    runCli(['sign', reference, '--key', encrypted, '--debug'], {
      environment: { COSIGN_PASSWORD: password },
    });
  const right = await sign('open sesame');
  expect(right.code, right.stderr).toBe(0);
  expect(right.stdout + right.stderr).not.toContain('sesame');
  const wrong = await sign('close sesame');
  expect(wrong).toMatchObject({ code: 1, stdout: '' });
  expect(wrong.stderr).toContain(`--key ${JSON.stringify(encrypted)} cannot be decrypted`);
  expect(wrong.stderr).not.toContain('sesame');
});

it('signs nothing in a repository that the settings file does not allow', async () => {
  const config = await textFile('settings.yaml', 'allow_destinations: ["^elsewhere/"]\n');
  const { code, stderr } = await runCli(['sign', reference, '--key', privateFile, '--config', config]);
  expect(code).toBe(1);
  expect(stderr).toContain('allow_destinations of the settings file does not allow');
  expect(registry.requests).toEqual([]);
});

describe('fails before any request', () => {
  it.each([
    ['without a key', [], '--key is missing'],
    [
      'with an unknown format',
      ['--key', 'FILE', '--format', 'x'],
      'sign.format is bundle, legacy or both, not "x"',
    ],
    ['with a key that does not exist', ['--key', '/nonexistent'], '--key "/nonexistent" cannot be read'],
  ])('%s', async (_, more, message) => {
    const { code, stdout, stderr } = await runCli([
      'sign',
      reference,
      ...more.map((each) => (each === 'FILE' ? privateFile : each)),
    ]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(message);
    expect(registry.requests).toEqual([]);
  });
});
