// `verify` of the settings file: copies of every kind take only what is signed, and nothing is written for the rest.
import { beforeEach, describe, expect, it } from 'vitest';
import { type Image, seed } from '../support/images.ts';
import { imageWith, manifestFile, registryWith, textFile } from '../support/promotion.ts';
import type { TestRegistry } from '../support/registry.ts';
import { runCli, runCliJson } from '../support/run-cli.ts';
import {
  createKey,
  legacySignature,
  seedBundle,
  seedLegacy,
  signSeeded,
  simplePayload,
  statementOf,
} from '../support/signatures.ts';
import { createSigstore } from '../support/sigstore.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const key = createKey();
const stranger = createKey();

let staging: TestRegistry;
let production: TestRegistry;
let signed: Image;
let unsigned: Image;

beforeEach(async () => {
  [signed, unsigned] = (await Promise.all(['signed', 'unsigned'].map(imageWith))) as [Image, Image];
  staging = await registryWith(
    { 'staging/signed:1.0': signed, 'staging/unsigned:1.0': unsigned },
    { referrers: true },
  );
  production = await registryWith({}, { referrers: true });
  signSeeded(staging, 'staging/signed', signed, key);
  signSeeded(staging, 'staging/unsigned', unsigned, stranger);
});

/** A settings file with `verify` of a prefix; `more` are further lines of it. */
async function settings(prefix = staging.host, more: readonly string[] = [], keys = [key]): Promise<string> {
  const pems = keys.flatMap(({ publicPem }) => [
    '    - |',
    ...publicPem
      .trimEnd()
      .split('\n')
      .map((line) => `      ${line}`),
  ]);
  const lines = ['registries:', `- name: ${prefix}`, '  verify:', '    keys:', ...pems];
  return await textFile('settings.yaml', [...lines, ...more.map((line) => `    ${line}`), ''].join('\n'));
}

const manifest = () =>
  manifestFile(staging, [production], { signed: [[signed, '1.0']], unsigned: [[unsigned, '1.0']] });
const reason = () =>
  `${staging.host}/staging/unsigned@${unsigned.digest} is not verified: no signature counts; bundle signature`;
const repositories = () =>
  ['prod/signed', 'prod/unsigned'].filter((name) => production.digests(name).length > 0);
const uploads = () =>
  production.journal
    .select({ path: /prod\/unsigned/ })
    .filter(({ method }) => !['GET', 'HEAD'].includes(method));

const promote = async (file: string, config: string) =>
  await runCliJson(['promote', '--manifest', file, '--confirm', '--config', config]);

interface Edge {
  readonly destination: string;
  readonly outcome: string;
  readonly reason: string;
}

const edgesIn = (json: Readonly<Record<string, unknown>>) => json.edges as readonly Edge[];
const outcomes = (json: Readonly<Record<string, unknown>>) =>
  edgesIn(json)
    .map(({ destination, outcome }) => `${destination.split('/').at(-1)} ${outcome}`)
    .sort();

describe('an edge whose source is not signed fails by itself:', () => {
  it('promote', async () => {
    const { code, json } = await promote(await manifest(), await settings());
    expect(code).toBe(1);
    expect(outcomes(json)).toEqual(['signed copied', 'unsigned failed']);
    expect(edgesIn(json).find(({ outcome }) => outcome === 'failed')?.reason).toContain(reason());
    expect(repositories()).toEqual(['prod/signed']);
    expect(uploads()).toEqual([]);
  });

  it('apply', async () => {
    const plan = await textFile('plan.json', '');
    const config = await settings();
    await runCli(['promote', '--manifest', await manifest(), '--out', plan, '--config', config]);
    const { code, json } = await runCliJson(['apply', plan, '--config', config]);
    expect(code).toBe(1);
    expect(outcomes(json)).toEqual(['signed copied', 'unsigned failed']);
    expect(uploads()).toEqual([]);
  });

  it('mirror', async () => {
    const list = await textFile(
      'list.txt',
      ['signed', 'unsigned'].map((name) => `${staging.host}/staging/${name}:1.0\n`).join(''),
    );
    const { code, json } = await runCliJson([
      'mirror',
      list,
      '--to',
      `${production.host}/prod`,
      '--confirm',
      '--config',
      await settings(),
    ]);
    expect(code).toBe(1);
    expect(outcomes(json)).toEqual(['signed copied', 'unsigned failed']);
    expect(repositories()).toEqual(['prod/signed']);
  });

  it('a tag on content that the destination holds', async () => {
    await runCli(['copy', `${staging.host}/staging/unsigned:1.0`, `${production.host}/prod/unsigned:old`]);
    const { json } = await promote(await manifest(), await settings());
    expect(outcomes(json)).toEqual(['signed copied', 'unsigned failed']);
    expect(production.tags('prod/unsigned')).toEqual(['old']);
  });
});

it.each(['registry', 'oci', 'docker-archive'])(
  'copy writes nothing to a %s for an image that is not signed',
  async (kind) => {
    const directory = await temporaryDirectory();
    const places: Readonly<Record<string, string>> = {
      registry: `${production.host}/prod/unsigned`,
      oci: `oci:${directory}/layout`,
      'docker-archive': `docker-archive:${directory}/image.tar`,
    };
    const { code, stdout, stderr } = await runCli([
      'copy',
      `${staging.host}/staging/unsigned:1.0`,
      places[kind] ?? '',
      '--config',
      await settings(),
    ]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(reason());
    const writes = production.requests.filter(({ method }) => method !== 'GET' && method !== 'HEAD');
    expect(writes).toEqual([]);
  },
);

it('copy takes an image that is signed', async () => {
  const { code } = await runCli([
    'copy',
    `${staging.host}/staging/signed:1.0`,
    `${production.host}/prod/signed`,
    '--config',
    await settings(),
  ]);
  expect(code).toBe(0);
  expect(repositories()).toEqual(['prod/signed']);
});

it('only the prefix counts: other sources are not verified', async () => {
  const config = await settings(`${staging.host}/staging/signed`);
  const { json } = await promote(await manifest(), config);
  expect(outcomes(json)).toEqual(['signed copied', 'unsigned copied']);
});

it.each([true, false])(
  'an image that its source has lost is verified at the destination that has it: %s',
  async (isSigned) => {
    const lost = await imageWith('lost');
    seed(production, 'prod/lost', undefined, lost);
    // Its signature is left at the source, where there is nothing to copy.
    signSeeded(staging, 'staging/lost', lost, key, 'legacy');
    if (isSigned) {
      signSeeded(production, 'prod/lost', lost, key);
    }
    const file = await manifestFile(staging, [production], { lost: [[lost, '1.0']] });
    const { json } = await promote(file, await settings());
    expect(outcomes(json)).toEqual([isSigned ? 'lost tagged' : 'lost failed']);
    expect(production.tags('prod/lost')).toEqual(isSigned ? ['1.0'] : []);
  },
);

it('mode warn copies, and warns', async () => {
  const { json, stderr } = await promote(await manifest(), await settings(staging.host, ['mode: warn']));
  expect(outcomes(json)).toEqual(['signed copied', 'unsigned copied']);
  expect(stderr).toContain(reason());
});

it('annotations and a threshold are required', async () => {
  const second = createKey('Ed25519');
  const run = async (...more: readonly string[]) => {
    const config = await settings(staging.host, more, [key, second]);
    return (
      await runCli([
        'copy',
        `${staging.host}/staging/signed:1.0`,
        `${production.host}/prod/x`,
        '--config',
        config,
      ])
    ).code;
  };
  expect(await run('threshold: 2')).toBe(1);
  seedLegacy(staging, 'staging/signed', signed, [
    legacySignature(simplePayload(signed.digest, '', { env: 'prod' }), second),
  ]);
  expect(await run('threshold: 2')).toBe(0);
  expect(await run('annotations: {env: prod}')).toBe(0);
  expect(await run('annotations: {env: test}')).toBe(1);
});

it('verify takes the keys of the settings file where it is given none', async () => {
  const config = await settings();
  const verify = async (name: string, ...more: readonly string[]) =>
    (await runCli(['verify', `${staging.host}/staging/${name}:1.0`, '--config', config, ...more])).code;
  expect([await verify('signed'), await verify('unsigned')]).toEqual([0, 1]);
  const other = await textFile('other.pub', stranger.publicPem);
  expect([await verify('signed', '--key', other), await verify('unsigned', '--key', other)]).toEqual([1, 0]);
  const without = await runCli(['verify', `${staging.host}/staging/signed:1.0`]);
  expect(without).toMatchObject({ code: 1, stdout: '' });
  expect(without.stderr).toContain('no key is given to verify with');
});

describe('settings that cannot be used are an error by line, before any request:', () => {
  it.each([
    ['no keys', 'verify: {}', 'verify has no keys'],
    ['nothing at all', 'verify:', 'verify has no keys'],
    ['null', 'verify: null', 'verify must be a map'],
    ['a key that is none', 'verify: {keys: ["x"]}', 'verify.keys[0] holds no PEM block'],
    ['a list', 'verify: []', 'verify must be a map'],
    ['an unknown key', 'verify: {kyes: []}', 'unknown key "kyes"'],
    ['annotations that are a list', 'verify: {annotations: []}', 'annotations must be a map'],
  ])('%s', async (_, line, message) => {
    const config = await textFile('settings.yaml', `registries:\n- name: ${staging.host}\n  ${line}\n`);
    const { code, stdout, stderr } = await runCli([
      'ls',
      `${staging.host}/staging/signed`,
      '--config',
      config,
    ]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/settings\.yaml:\d/);
    expect(stderr).toContain(message);
    expect(staging.requests).toEqual([]);
  });
});

it('takes what an identity has signed, by the trusted root in the settings', async () => {
  const sigstore = await createSigstore();
  const identity = { issuer: 'https://issuer.test', subject: 'https://ci.test/app@v1' };
  for (const [image, subject] of [
    [signed, identity.subject],
    [unsigned, 'https://ci.test/other'],
  ] as const) {
    const name = `staging/${image === signed ? 'signed' : 'unsigned'}`;
    const bundle = await sigstore.bundle(statementOf(image.digest), { ...identity, subject });
    seedBundle(staging, name, image, bundle);
  }
  const trusted_root = await textFile('trusted_root.json', JSON.stringify(sigstore.trustedRoot));
  const verify = {
    identities: [{ issuer: identity.issuer, subject_regexp: 'https://ci\\.test/app@.*' }],
    trusted_root,
  };
  const config = await textFile(
    'settings.yaml',
    JSON.stringify({ registries: [{ name: staging.host, verify }] }),
  );
  const { json } = await promote(await manifest(), config);
  expect(outcomes(json)).toEqual(['signed copied', 'unsigned failed']);
  const reasons = edgesIn(json).map((edge) => edge.reason);
  expect(reasons).toContainEqual(
    expect.stringContaining('it is signed by "https://ci.test/other" ("https://issuer.test")'),
  );
});

it.each([
  [
    'a missing trusted root',
    { identities: [{ issuer: 'a', subject: 'b' }] },
    'verify has identities, but no',
  ],
  ['an identity without an issuer', { identities: [{ subject: 'b' }] }, 'verify.identities[0] has no issuer'],
  ['a misspelt key', { identities: [{ isuer: 'a' }] }, 'unknown key "isuer"'],
  ['a trusted root that is another document', { keys: [], trusted_root: {} }, 'verify has no keys'],
])('names the line of %s, and sends nothing', async (_, verify, message) => {
  const config = await textFile(
    'settings.yaml',
    JSON.stringify({ registries: [{ name: staging.host, verify }] }),
  );
  const { code, stderr } = await runCliJson(['ls', `${staging.host}/staging/signed`, '--config', config]);
  expect(code).toBe(1);
  expect(stderr).toContain(`${config}:1: `);
  expect(stderr).toContain(message);
  expect(staging.requests).toEqual([]);
});
