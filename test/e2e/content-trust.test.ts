// Content trust with a real notary server: the notary client lists and verifies what out signs.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { authority, serverKeys } from '../support/certificates.ts';
import { runProgram } from '../support/child-process.ts';
import { describeServices } from '../support/describe-services.ts';
import { dockerArchive, writeOciLayout } from '../support/image-files.ts';
import { buildImage, buildIndex, type Image } from '../support/images.ts';
import { file } from '../support/layers.ts';
import { type NotaryServer, passphrases, runNotary, startNotaryServer } from '../support/notary-server.ts';
import { startRecordingServer } from '../support/recording-server.ts';
import { startRegistry, type TestRegistry } from '../support/registry.ts';
import { runExecutable } from '../support/run.ts';

describeServices(['notary', 'notary-server'], 'content trust', () => {
  let folder: string;
  let registry: TestRegistry;
  let notary: NotaryServer;
  let image: Image;
  let artifacts: string;
  let rootKey: string;
  let names = 0;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'content-trust-'));
    registry = await startRegistry();
    notary = await startNotaryServer();
    image = await buildImage({ format: 'docker', layers: [[file('handshake', 'signed')]] });
    artifacts = newFolder();
    writeFileSync(join(artifacts, 'image.tar'), await dockerArchive(image, { layout: 'compressed' }));
    const keys = newFolder();
    await client(keys, 'key', 'generate', 'ecdsa', '--role', 'root');
    rootKey = privateKey(keys, 'root');
  });

  afterAll(async () => {
    await notary?.close();
    await registry?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const newFolder = () => mkdtempSync(join(folder, 'folder-'));
  const newRepository = () => `${registry.host}/team/app${names++}`;

  /** Runs the notary client and expects success. */
  async function client(trustDirectory: string, ...commandArguments: string[]): Promise<string> {
    const { status, stdout, stderr } = await runNotary(notary, trustDirectory, commandArguments);
    expect(`${status} ${stderr}${stdout}`).toMatch(/^0 /);
    return stdout;
  }

  /** The key file of a role in the directory of the notary client. */
  function privateKey(trustDirectory: string, role: string): string {
    const directory = join(trustDirectory, 'private');
    const texts = readdirSync(directory).map((name) => readFileSync(join(directory, name), 'utf8'));
    const found = texts.find((text) => text.includes(`role: ${role}\n`));
    return found ?? expect.unreachable(`no ${role} key`);
  }

  const put = (
    repository: string,
    trust: object,
    others: { tag?: string; directory?: string; insecure?: boolean } = {},
  ) =>
    runExecutable('out', {
      request: {
        source: {
          repository,
          tag: others.tag ?? '1.0',
          ca_certs: [authority],
          insecure: others.insecure ?? false,
          content_trust: { server: notary.url, ...trust },
        },
        params: { image: others.directory === undefined ? 'image.tar' : 'oci' },
      },
      directory: others.directory ?? artifacts,
    });

  /** What a new notary client (trust on first use) verifies and lists: lines of name, digest, size, role. */
  async function listed(repository: string): Promise<string[][]> {
    const text = await client(newFolder(), 'list', repository);
    const lines = text.split('\n').map((part) => part.trim().split(/\s+/));
    return lines.filter(([, digest]) => /^[0-9a-f]{64}$/.test(digest ?? ''));
  }

  const line = (tag: string, role = 'targets', signed: Image = image) => [
    tag,
    signed.digest.slice('sha256:'.length),
    String(signed.bytes.length),
    role,
  ];
  const root = () => ({ repository_key: rootKey, repository_passphrase: passphrases.root });

  it('creates a collection with a root key, and signs into it in a later put', async () => {
    const repository = newRepository();
    expect(await put(repository, root())).toMatchObject({ status: 0 });
    expect(await listed(repository)).toEqual([line('1.0')]);
    expect(await put(repository, root(), { tag: '1.1' })).toMatchObject({ status: 0 });
    expect(await listed(repository)).toEqual([line('1.0'), line('1.1')]);
  });

  it('signs every image of an index and not the index; the tag names the last image', async () => {
    const repository = newRepository();
    const images = await Promise.all(
      ['amd64', 'arm64'].map((architecture) =>
        buildImage({ layers: [[file('handshake', architecture)]], platform: { os: 'linux', architecture } }),
      ),
    );
    const directory = newFolder();
    await writeOciLayout(join(directory, 'oci'), buildIndex(images));
    expect(await put(repository, root(), { directory })).toMatchObject({ status: 0 });
    expect(await listed(repository)).toEqual([line('1.0', 'targets', images[1])]);
  });

  it('signs with a targets key into a collection of the notary client and keeps its targets', async () => {
    const repository = newRepository();
    const trustDirectory = newFolder();
    await client(trustDirectory, 'init', '-p', repository);
    await client(trustDirectory, 'key', 'rotate', repository, 'snapshot', '-r');
    await client(trustDirectory, 'add', '-p', repository, 'earlier', join(artifacts, 'image.tar'));
    const trust = {
      repository_key: privateKey(trustDirectory, 'targets'),
      repository_passphrase: passphrases.targets,
    };
    const { status, stderr, stdout } = await put(repository, trust);
    expect(`${status} ${stderr}`).toMatch(/^0 /);
    expect((await listed(repository)).map(([name]) => name)).toEqual(['1.0', 'earlier']);
    expect(await listed(repository)).toContainEqual(line('1.0'));
    expect(`${stdout}${stderr}`).not.toContain(passphrases.targets);
    // The client with the keys can still add targets.
    await client(trustDirectory, 'add', '-p', repository, 'later', join(artifacts, 'image.tar'));
    expect(await listed(repository)).toHaveLength(3);
  });

  it.each([
    ['rsa', ['genrsa', '2048'], 'releases'],
    ['ecdsa', ['ecparam', '-name', 'prime256v1', '-genkey', '-noout'], 'alice'],
  ])('signs with an %s key into the delegations whose paths match', async (_, generate, name) => {
    const repository = newRepository();
    const trustDirectory = newFolder();
    const keyFile = join(trustDirectory, 'delegation.key');
    const publicFile = join(trustDirectory, 'delegation.pub');
    await client(trustDirectory, 'init', '-p', repository);
    await client(trustDirectory, 'key', 'rotate', repository, 'snapshot', '-r');
    writeFileSync(keyFile, (await runProgram('openssl', generate)).stdout);
    const { stdout: publicKey } = await runProgram('openssl', ['pkey', '-in', keyFile, '-pubout']);
    writeFileSync(publicFile, publicKey);
    const add = (role: string, ...paths: string[]) =>
      client(trustDirectory, 'delegation', 'add', '-p', repository, role, publicFile, ...paths);
    await add(`targets/${name}`, '--all-paths');
    await add('targets/elsewhere', '--paths', 'nightly-');
    await client(trustDirectory, 'key', 'import', keyFile, '--role', `targets/${name}`);
    const key = privateKey(trustDirectory, `targets/${name}`);
    const trust = { repository_key: key, repository_passphrase: passphrases.delegation };

    expect(await put(repository, trust)).toMatchObject({ status: 0 });
    expect(await listed(repository)).toEqual([line('1.0', `targets/${name}`)]);
    expect(await put(repository, trust, { tag: '1.1' })).toMatchObject({ status: 0 });
    const lines = await listed(repository);
    expect(lines).toEqual([line('1.0', `targets/${name}`), line('1.1', `targets/${name}`)]);
    // A targets key must not sign beside the delegations.
    const other = await put(repository, {
      repository_key: privateKey(trustDirectory, 'targets'),
      repository_passphrase: passphrases.targets,
    });
    expect(other.status).toBe(1);
    expect(other.stderr).toContain('no delegation of');
  });

  it('explains how to rotate a snapshot key that the server does not have', async () => {
    const repository = newRepository();
    const trustDirectory = newFolder();
    await client(trustDirectory, 'init', '-p', repository);
    const { status, stderr } = await put(repository, {
      repository_key: privateKey(trustDirectory, 'targets'),
      repository_passphrase: passphrases.targets,
    });
    expect(status).toBe(1);
    expect(stderr).toContain(`notary key rotate ${repository} snapshot -r`);
  });

  it.each<[string, () => object, string]>([
    ['a wrong passphrase', () => ({ ...root(), repository_passphrase: 'not this one' }), 'the passphrase'],
    ['an unreadable key', () => ({ repository_key: 'secret but no key' }), 'holds no PEM block'],
    ['no key', () => ({}), 'repository_key is missing'],
    ['a wrong key id', () => ({ ...root(), repository_key_id: 'ab12' }), 'repository_key_id is not the id'],
    ['a server with http', () => ({ ...root(), server: 'http://127.0.0.1:1' }), 'not the https URL'],
    ['half a client certificate', () => ({ ...root(), tls_key: 'secret key' }), 'tls_cert and tls_key'],
    ['an unknown on_failure', () => ({ ...root(), on_failure: 'maybe' }), 'on_failure is fail or warn'],
  ])('fails for %s before anything is pushed, and logs no secret', async (_, trust, message) => {
    const repository = newRepository();
    const { status, stdout, stderr } = await put(repository, trust());
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toContain(message);
    for (const secret of [passphrases.root, 'not this one', 'secret key', 'secret but no key']) {
      expect(stderr).not.toContain(secret);
    }
    const path = repository.slice(registry.host.length + 1);
    expect(registry.journal.requests.filter((request) => request.path.includes(path))).toEqual([]);
  });

  it('fails if the notary server is down, or warns if on_failure is warn', async () => {
    const server = 'https://127.0.0.1:1';
    const failed = await put(newRepository(), { ...root(), server });
    expect(failed).toMatchObject({ status: 1, stdout: '' });
    expect(failed.stderr).toContain('signing tag(s) 1.0 failed');
    const warned = await put(newRepository(), { ...root(), server, on_failure: 'warn' });
    expect(warned.status).toBe(0);
    expect(warned.stderr).toContain('signing tag(s) 1.0 failed');
    expect(JSON.parse(warned.stdout).version).toMatchObject({ tag: '1.0' });
  });

  it('cannot create a collection with a targets key', async () => {
    const key = rootKey.replace('role: root', 'role: targets');
    const { status, stderr } = await put(newRepository(), { ...root(), repository_key: key });
    expect(status).toBe(1);
    expect(stderr).toContain('only a root key can begin one');
  });

  it.each(['selfSigned', 'expired', 'wrongHost'] as const)(
    'fails if the certificate of the notary server is %s, and does not fall back to http',
    async (kind) => {
      await using wrong = await startNotaryServer(serverKeys[kind]);
      const { status, stderr } = await put(newRepository(), { ...root(), server: wrong.url });
      expect(status).toBe(1);
      expect(stderr).toContain('certificate');
    },
  );

  it('fails if the notary server redirects its ping to http, also with insecure', async () => {
    await using plain = await startRecordingServer({ answer: () => ({ status: 200 }) });
    await using server = await startRecordingServer({
      tls: serverKeys.trusted,
      answer: () => ({ status: 302, headers: { location: `http://${plain.host}/v2/` } }),
    });
    const { status, stderr } = await put(
      newRepository(),
      { ...root(), server: server.url },
      { insecure: true },
    );
    expect(status).toBe(1);
    expect(stderr).toMatch(/refused to continue over http at http:/);
    expect(plain.connections).toBe(0);
  });

  it('sends tls_cert to a notary server that requires a client certificate', async () => {
    const directory = newFolder();
    const certFile = join(directory, 'client.crt');
    const keyFile = join(directory, 'client.key');
    const subject = ['-subj', '/CN=client', '-addext', 'extendedKeyUsage=clientAuth'];
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
    const files = ['-keyout', keyFile, '-out', certFile];
    const made = await runProgram('openssl', ['req', '-x509', '-days', '2', ...curve, ...subject, ...files]);
    expect(made.status).toBe(0);
    // It refuses clients without a certificate.
    await using server = await startNotaryServer(serverKeys.trusted, certFile);
    const client = { tls_cert: readFileSync(certFile, 'utf8'), tls_key: readFileSync(keyFile, 'utf8') };
    const result = await put(newRepository(), { ...root(), ...client, server: server.url });
    expect(`${result.status} ${result.stderr}`).toMatch(/^0 /);
  });
});
