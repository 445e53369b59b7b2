// Starts a real registry: Debian's docker-registry as a child process, with its own configuration and storage.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { get } from 'node:http';
import { get as getTls } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { authority, serverKeys, tokenSigner } from './certificates.ts';
import type { Credentials } from './registry-auth.ts';
import { startService } from './service-process.ts';
import { tokenIssuer, tokenService } from './token-server.ts';

/** Who may use the registry, and over which scheme. */
export type DockerRegistryKind =
  /** Plain HTTP, open to everybody. */
  | { readonly kind: 'anonymous' }
  /** TLS with a certificate of the test authority, open to everybody. */
  | { readonly kind: 'tls' }
  /** TLS with a certificate of the test authority, Basic authentication of {@link passwordUser}. */
  | { readonly kind: 'password' }
  /** Plain HTTP, tokens from this realm (see `startTokenServer`). */
  | { readonly kind: 'token'; readonly realm: string };

/** A running docker-registry. */
export interface DockerRegistry extends AsyncDisposable {
  /** `127.0.0.1:PORT`. */
  readonly host: string;
  readonly url: string;
  /** Ends the process and removes its storage. */
  close(): Promise<void>;
}

/** The only user of the kind `password`. */
export const passwordUser: Credentials = { user: 'tester', password: 'correct horse' };

// docker-registry supports only bcrypt. This is the hash of the password above, cost 5.
const passwordFile = `${passwordUser.user}:$2y$05$QW5zd2VyVGVzdFVzZXIxMeWRqW72MEtlPKcuynvT4Rzu8TbU/Sk7K\n`;

/** Starts docker-registry on a free port of 127.0.0.1; resolves when it responds. */
export async function startDockerRegistry(
  options: DockerRegistryKind = { kind: 'anonymous' },
): Promise<DockerRegistry> {
  const folder = await mkdtemp(join(tmpdir(), 'docker-registry-'));
  const configuration = join(folder, 'config.json');
  await writeFile(join(folder, 'htpasswd'), passwordFile);
  await writeFile(configuration, JSON.stringify(configurationFor(options, folder)));
  const service = startService('docker-registry', ['serve', configuration]);
  const close = async () => {
    await service.close();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const host = await service.logged(/listening on (127\.0\.0\.1:\d+)/);
    const url = `${hasTls(options) ? 'https' : 'http'}://${host}`;
    await answers(`${url}/v2/`);
    return { host, url, close, [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The configuration; JSON is YAML too. The port is 0: the registry logs which one it got. */
function configurationFor(options: DockerRegistryKind, folder: string): object {
  return {
    version: '0.1',
    log: { level: 'info', formatter: 'json', accesslog: { disabled: true } },
    storage: {
      filesystem: { rootdirectory: join(folder, 'storage') },
      delete: { enabled: true },
      maintenance: { uploadpurging: { enabled: false } },
    },
    http: {
      addr: '127.0.0.1:0',
      secret: 'test',
      ...(hasTls(options)
        ? { tls: { certificate: serverKeys.trusted.certFile, key: serverKeys.trusted.keyFile } }
        : {}),
    },
    ...authFor(options, folder),
  };
}

function hasTls({ kind }: DockerRegistryKind): boolean {
  return kind === 'password' || kind === 'tls';
}

function authFor(options: DockerRegistryKind, folder: string): object {
  switch (options.kind) {
    case 'anonymous':
    case 'tls':
      return {};
    case 'password':
      return { auth: { htpasswd: { realm: 'test registry', path: join(folder, 'htpasswd') } } };
    case 'token': {
      const { realm } = options;
      const rootcertbundle = tokenSigner.certFile;
      return { auth: { token: { realm, service: tokenService, issuer: tokenIssuer, rootcertbundle } } };
    }
  }
}

async function answers(url: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const done = (response: { resume(): unknown }) => {
      response.resume();
      resolve();
    };
    const request = url.startsWith('https:')
      ? getTls(url, { ca: authority, agent: false }, done)
      : get(url, { agent: false }, done);
    request.once('error', reject);
  });
}
