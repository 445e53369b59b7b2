// Starts moto's server as a child process: a fake of ECR, STS, IAM and the instance metadata of AWS.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { findProgram } from './services.ts';

/** A running moto server. */
export interface Moto extends AsyncDisposable {
  /** The value for `AWS_ENDPOINT_URL`. */
  readonly url: string;
}

/** The account that moto assigns to all keys. */
export const motoAccount = '123456789012';

/** The password that moto's ECR issues for an account's registry. */
export function motoPassword(account: string): string {
  return `${account}-auth-token`;
}

/**
 * Starts moto on a free port of 127.0.0.1. It accepts all keys, or checks them and their permissions as IAM does after
 * `freeRequests` requests.
 */
export async function startMoto(options: { readonly freeRequests?: number } = {}): Promise<Moto> {
  const { freeRequests } = options;
  const program = findProgram('moto_server');
  if (program === undefined) {
    throw new Error('moto_server is not installed: npm run test:services');
  }
  const child = spawn(program, ['-H', '127.0.0.1', '-p', '0'], {
    env: {
      PATH: process.env.PATH,
      ...(freeRequests === undefined ? {} : { INITIAL_NO_AUTH_ACTION_COUNT: String(freeRequests) }),
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ended = new Promise<void>((resolve) => {
    child.once('error', () => resolve());
    child.once('exit', () => resolve());
  });
  const orphaned = () => child.kill('SIGKILL');
  process.once('exit', orphaned);
  const close = async () => {
    process.removeListener('exit', orphaned);
    child.kill('SIGKILL');
    await ended;
  };
  try {
    return { url: await ownUrl(child.stderr, ended), [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Waits for the log line with the address, and goes on reading so that the pipe never fills. */
async function ownUrl(log: NodeJS.ReadableStream, ended: Promise<void>): Promise<string> {
  const lines: string[] = [];
  const url = new Promise<string>((resolve) => {
    createInterface({ input: log }).on('line', (line) => {
      lines.push(line);
      const found = /Running on (http:\/\/127\.0\.0\.1:\d+)/.exec(line);
      if (found?.[1]) {
        resolve(found[1]);
      }
    });
  });
  const failed = ended.then((): never => {
    throw new Error(`moto_server ended:\n${lines.join('\n')}`);
  });
  return await Promise.race([url, failed]);
}
