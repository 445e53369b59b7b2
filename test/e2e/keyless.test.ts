// Signing as an identity through the executables: verified by sigstore's own library and by verify.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { authority, serverKeys } from '../support/certificates.ts';
import { dockerArchive } from '../support/image-files.ts';
import { buildImage, type Image, seed } from '../support/images.ts';
import { identityOptions, storedBundles, verifiedBundle } from '../support/keyless.ts';
import { file } from '../support/layers.ts';
import { textFile } from '../support/promotion.ts';
import type { TestRegistry } from '../support/registry.ts';
import { registryForTest } from '../support/registry-for-test.ts';
import { runExecutable, runRegistryImageExecutable } from '../support/run.ts';
import { identityToken, type SigstoreServer, startSigstore } from '../support/sigstore-server.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { startTunnelProxy } from '../support/tunnel-proxy.ts';

const name = 'team/app';
const type = 'https://sigstore.dev/cosign/sign/v1';
const identity = { issuer: 'https://issuer.test', subject: 'https://ci.test/team/app' };
const token = identityToken(identity);
let server: SigstoreServer;
let registry: TestRegistry;
let image: Image;

beforeEach(async () => {
  server = await startSigstore();
  image = await buildImage({ layers: [[file('etc/motd', 'hello')]] });
  registry = await registryForTest({ referrers: true });
  seed(registry, name, '1.0', image);
});
afterEach(() => server[Symbol.asyncDispose]());

const sign = (environment: Readonly<Record<string, string>>, ...more: readonly string[]) =>
  runRegistryImageExecutable(
    ['sign', `${registry.host}/${name}:1.0`, ...identityOptions(server.url), '--debug', ...more],
    { environment: { TEST: 'true', HOME: '/nonexistent', ...environment } },
  );

async function verify(subject: string) {
  return await runRegistryImageExecutable(
    [
      ...['verify', `${registry.host}/${name}:1.0`],
      ...['--trusted-root', await textFile('root.json', JSON.stringify(server.sigstore.trustedRoot))],
      ...['--certificate-oidc-issuer', identity.issuer, '--certificate-identity', subject],
    ],
    { environment: { TEST: 'true', HOME: '/nonexistent' } },
  );
}

it('an identity signs once what its own library verifies, and the token is shown nowhere', async () => {
  const signed = await sign({ SIGSTORE_ID_TOKEN: token });
  expect(signed, signed.stderr).toMatchObject({ status: 0, stdout: expect.stringMatching(/ signed$/m) });
  expect(signed.stdout).toContain(`is signed by ${identity.subject} (${identity.issuer})`);
  expect(signed.stdout + signed.stderr).not.toContain(token);
  const [bundle, another] = storedBundles(registry, name, type);
  expect(bundle && verifiedBundle(server.sigstore, bundle, { timestampThreshold: 2 })).toMatchObject(
    identity,
  );
  expect(another).toBeUndefined();
  expect(await sign({ SIGSTORE_ID_TOKEN: token })).toMatchObject({
    status: 0,
    stdout: expect.stringMatching(/ present$/m),
  });
  const stranger = identityToken({ ...identity, subject: 'https://ci.test/other' });
  expect((await sign({ SIGSTORE_ID_TOKEN: stranger })).stdout).toMatch(/ signed$/m);
});

it('verify accepts what sign has made, and not for another identity', async () => {
  await sign({ SIGSTORE_ID_TOKEN: token });
  const accepted = await verify(identity.subject);
  expect(accepted, accepted.stderr).toMatchObject({ status: 0 });
  expect(await verify('https://ci.test/other')).toMatchObject({ status: 1 });
});

it('a put signs and attests as an identity', async () => {
  const directory = await temporaryDirectory();
  await writeFile(join(directory, 'image.tar'), await dockerArchive(image));
  await mkdir(join(directory, 'sbom'));
  await writeFile(join(directory, 'sbom', 'bom.json'), '{"bomFormat":"CycloneDX"}');
  const { status, stdout, stderr } = await runExecutable('out', {
    request: {
      source: { repository: `${registry.host}/${name}`, debug: true },
      params: {
        image: 'image.tar',
        tags: ['1.1'],
        sign: {
          identity_token: token,
          fulcio_url: server.url,
          rekor_url: server.url,
          timestamp_url: `${server.url}/api/v1/timestamp`,
          attest: { type: 'cyclonedx', predicate: 'sbom/bom.json' },
        },
      },
    },
    directory,
  });
  expect(status, stderr).toBe(0);
  expect(stdout + stderr).not.toContain(token);
  // One certificate, which is still valid, does for both.
  expect(server.journal.select({ path: '/api/v2/signingCert' })).toHaveLength(1);
  const digest = JSON.parse(stdout).version.digest.slice('sha256:'.length);
  for (const each of [type, 'https://cyclonedx.org/bom']) {
    const [bundle] = storedBundles(registry, name, each);
    expect(bundle && verifiedBundle(server.sigstore, bundle)).toMatchObject({
      ...identity,
      statement: { subject: [{ digest: { sha256: digest } }] },
    });
  }
});

it('a promotion is signed and recorded as an identity', async () => {
  const { status, stdout, stderr } = await runRegistryImageExecutable(
    [
      ...['copy', `${registry.host}/${name}:1.0`, `${registry.host}/prod/app`, '--debug'],
      ...['--sign-fulcio-url', server.url, '--sign-rekor-url', server.url],
    ],
    { environment: { TEST: 'true', HOME: '/nonexistent', SIGSTORE_ID_TOKEN: token } },
  );
  expect(status, stderr).toBe(0);
  expect(stdout + stderr).not.toContain(token);
  const record = 'urn:x-registry-image-resource:promotion:v1';
  for (const each of [type, record]) {
    const [bundle] = storedBundles(registry, 'prod/app', each);
    expect(bundle && verifiedBundle(server.sigstore, bundle)).toMatchObject(identity);
  }
  expect(server.journal.select({ path: '/api/v2/signingCert' })).toHaveLength(1);
});

it('services are reached through a proxy, and trusted by ca_certs', async () => {
  await using services = await startSigstore({ tls: serverKeys.wrongHost });
  await using proxy = await startTunnelProxy(services.port);
  const directory = await temporaryDirectory();
  await writeFile(join(directory, 'image.tar'), await dockerArchive(image));
  const url = 'https://registry.invalid';
  const put = (caCerts: readonly string[]) =>
    runExecutable('out', {
      request: {
        source: { repository: `${registry.host}/${name}`, ca_certs: caCerts },
        params: {
          image: 'image.tar',
          tags: ['1.1'],
          sign: { identity_token: token, fulcio_url: url, rekor_url: `${url}/` },
        },
      },
      directory,
      environment: { TEST: 'true', HTTPS_PROXY: proxy.url },
    });
  const trusting = await put([authority]);
  expect(trusting.status, trusting.stderr).toBe(0);
  const [bundle] = storedBundles(registry, name, type);
  expect(bundle && verifiedBundle(services.sigstore, bundle)).toMatchObject(identity);
  expect(new Set(proxy.targets)).toEqual(new Set(['registry.invalid:443']));
  const distrusting = await put([]);
  expect(distrusting.status).toBe(1);
  expect(distrusting.stderr).toContain('is not signed by an authority that is trusted here');
});

it('nothing is stored when Fulcio refuses, and the token that it sends back is not shown', async () => {
  server.faults.add({
    method: 'POST',
    path: '/api/v2/signingCert',
    fault: { kind: 'status', status: 400, body: JSON.stringify({ message: `bad token ${token}` }) },
  });
  const { status, stdout, stderr } = await sign({ SIGSTORE_ID_TOKEN: token });
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
  expect(stderr).toContain('Fulcio has issued no certificate');
  expect(stderr).not.toContain(token);
  expect(storedBundles(registry, name, type)).toEqual([]);
});
