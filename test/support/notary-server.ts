// Starts a real notary server: Debian's notary-server as a child process, with TLS and storage in memory.
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { get as getTls } from 'node:https';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { authority, type KeyPair, serverKeys } from './certificates.ts';
import { type ProgramResult, runProgram } from './child-process.ts';
import { startService } from './service-process.ts';
import { findProgram } from './services.ts';

/** A running notary-server. */
export interface NotaryServer extends AsyncDisposable {
  /** `127.0.0.1:PORT`. */
  readonly host: string;
  readonly url: string;
  /** Ends the process. */
  close(): Promise<void>;
}

/** Starts notary-server on a free port of 127.0.0.1; resolves when it responds. */
export async function startNotaryServer(
  tls: KeyPair = serverKeys.trusted,
  clientAuthority?: string,
): Promise<NotaryServer> {
  const folder = await mkdtemp(join(tmpdir(), 'notary-server-'));
  const configuration = join(folder, 'config.json');
  // It does not report the port that it got, so it is started with one that was free a moment ago.
  const port = await freePort();
  const host = `127.0.0.1:${port}`;
  await writeFile(
    configuration,
    JSON.stringify({
      server: {
        http_addr: host,
        tls_cert_file: tls.certFile,
        tls_key_file: tls.keyFile,
        ...(clientAuthority === undefined ? {} : { client_ca_file: clientAuthority }),
      },
      trust_service: { type: 'local' },
      logging: { level: 'error' },
      storage: { backend: 'memory' },
    }),
  );
  const service = startService('notary-server', ['-config', configuration]);
  const close = async () => {
    await service.close();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await Promise.race([listens(port), service.failed]);
    return { host, url: `https://${host}`, close, [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The passphrases that {@link runNotary} passes to the notary client, by role. */
export const passphrases = {
  root: 'root passphrase',
  targets: 'targets passphrase',
  snapshot: 'snapshot passphrase',
  delegation: 'delegation passphrase',
} as const;

/** Runs the notary client against a server with the default certificate; `trustDirectory` contains its keys. */
export async function runNotary(
  server: Pick<NotaryServer, 'url'>,
  trustDirectory: string,
  commandArguments: readonly string[],
): Promise<ProgramResult> {
  const certificate = join(trustDirectory, 'authority.crt');
  await writeFile(certificate, authority);
  return await runProgram(
    findProgram('notary') ?? 'notary',
    ['-s', server.url, '-d', trustDirectory, '--tlscacert', certificate, ...commandArguments],
    {
      environment: {
        HOME: trustDirectory,
        NOTARY_ROOT_PASSPHRASE: passphrases.root,
        NOTARY_TARGETS_PASSPHRASE: passphrases.targets,
        NOTARY_SNAPSHOT_PASSPHRASE: passphrases.snapshot,
        NOTARY_DELEGATION_PASSPHRASE: passphrases.delegation,
      },
    },
  );
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') {
    throw new Error('no port');
  }
  return address.port;
}

/** Sends requests until there is a response of any kind, or a refused handshake. */
async function listens(port: number): Promise<void> {
  const ask = () =>
    new Promise<string | undefined>((resolve) => {
      const options = { host: '127.0.0.1', port, path: '/v2/', rejectUnauthorized: false, agent: false };
      getTls(options, (response) => {
        response.resume();
        resolve(undefined);
      }).once('error', (error: NodeJS.ErrnoException) => resolve(error.code));
    });
  while ((await ask()) === 'ECONNREFUSED') {
    await new Promise(setImmediate);
  }
}
