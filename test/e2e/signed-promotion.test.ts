// Promotion and signatures through the executables: only what is signed is copied, and what is copied is signed.
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { signedStatements } from '../support/attestations.ts';
import type { Image } from '../support/images.ts';
import { imageWith, manifestFile, registryWith, textFile } from '../support/promotion.ts';
import type { TestRegistry } from '../support/registry.ts';
import { runRegistryImageExecutable } from '../support/run.ts';
import { createKey, signSeeded } from '../support/signatures.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const environment = { TEST: 'true', HOME: '/nonexistent' };
const stagingKey = createKey();
const productionKey = createKey('RSA');
let signed: Image;
let unsigned: Image;
let staging: TestRegistry;
let production: TestRegistry;

beforeEach(async () => {
  [signed, unsigned] = (await Promise.all(['signed', 'unsigned'].map(imageWith))) as [Image, Image];
  staging = await registryWith(
    { 'staging/signed:1.0': signed, 'staging/unsigned:1.0': unsigned },
    { referrers: true },
  );
  production = await registryWith({}, { referrers: true });
  signSeeded(staging, 'staging/signed', signed, stagingKey);
});

it('copies only what the policy of the source accepts, and signs it before its tag is there', async () => {
  const pem = stagingKey.publicPem.trimEnd().replaceAll('\n', '\n      ');
  const settings = `registries:\n- name: ${staging.host}\n  verify:\n    keys:\n    - |\n      ${pem}\n`;
  const privatePem = productionKey.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const commit = 'a'.repeat(40);
  const checkout = await temporaryDirectory();
  const path = join(checkout, 'promotion.yaml');
  const images = { signed: [[signed, '1.0']], unsigned: [[unsigned, '1.0']] } as const;
  await mkdir(join(checkout, '.git'));
  await writeFile(join(checkout, '.git', 'HEAD'), `${commit}\n`);
  await copyFile(await manifestFile(staging, [production], images), path);
  const { status, stdout } = await runRegistryImageExecutable(
    [
      'promote',
      '--json',
      '--confirm',
      '--manifest',
      path,
      '--config',
      await textFile('settings.yaml', settings),
      '--sign-key',
      await textFile('production.key', privatePem),
    ],
    { environment },
  );
  expect(status).toBe(1);
  expect(JSON.parse(stdout).summary).toMatchObject({ edges: 2, copied: 1, failed: 1 });
  expect(stdout).toContain(`${staging.host}/staging/unsigned@${unsigned.digest} is not verified`);
  expect(production.tags('prod/signed')).toEqual(['1.0']);
  expect(production.digests('prod/unsigned')).toEqual([]);
  const puts = production.journal.lines.filter((line) => /^PUT .*\/manifests\//.test(line));
  expect(puts.at(-1)).toContain('/manifests/1.0');
  const type = 'urn:x-registry-image-resource:promotion:v1';
  expect(signedStatements(production, 'prod/signed', productionKey, type)).toMatchObject([
    {
      predicate: {
        source: `${staging.host}/staging/signed`,
        destination: `${production.host}/prod/signed`,
        digest: signed.digest,
        tags: ['1.0'],
        file: 'promotion.yaml',
        commit,
      },
    },
  ]);
  const keys = [stagingKey, productionKey].map(({ publicPem }) => textFile('cosign.pub', publicPem));
  const options = (await Promise.all(keys)).flatMap((path) => ['--key', path]);
  const verified = await runRegistryImageExecutable(
    ['verify', `${production.host}/prod/signed:1.0`, '--threshold', '2', ...options],
    { environment },
  );
  expect(verified).toMatchObject({
    status: 0,
    stdout: expect.stringContaining('2 of 2 keys have signed it'),
  });
});
