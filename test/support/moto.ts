// Starts moto's server as a child process: a fake of ECR, STS, IAM and the instance metadata of AWS.
import { startService } from './service-process.ts';

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
  const { logged, close } = startService('moto_server', ['-H', '127.0.0.1', '-p', '0'], {
    PATH: process.env.PATH,
    ...(freeRequests === undefined ? {} : { INITIAL_NO_AUTH_ACTION_COUNT: String(freeRequests) }),
  });
  try {
    return { url: await logged(/Running on (http:\/\/127\.0\.0\.1:\d+)/), [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  }
}
