// The requests of a session: what is sent, which statuses are expected, and whether the body is read or discarded.
import type { HttpResponse, RequestBody } from './http-client.ts';
import { discardBody, expectStatus, readBody } from './response-body.ts';

/** A request of a session; `target` is a path on the registry (`/v2/…`) or an absolute URL. */
export interface SessionRequest {
  readonly method: string;
  readonly target: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: RequestBody | undefined;
  /** True for a URL that the registry's content names: the request carries no credentials, to whatever host. */
  readonly anonymous?: boolean;
  /** Ends the request, its retries and the waits between them with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Whether the response is the content of a blob, which may take any time as long as it gets further. */
  readonly isContent?: boolean;
  /** Sends the request even after the command is aborted. */
  readonly isCleanUp?: boolean;
}

/** A request whose response must have one of the expected statuses. */
export interface ExpectedRequest extends SessionRequest {
  /** The statuses that are no failure. */
  readonly expect: readonly number[];
  /** The `Accept` header. */
  readonly accept?: string;
  /** The longest body that is read, in bytes. Without it the body is discarded. */
  readonly bodyLimit?: number;
}

/** A response with an expected status, and its whole body. */
export interface ReadResponse extends Omit<HttpResponse, 'body'> {
  /** Empty unless the request has a `bodyLimit`. */
  readonly bytes: Buffer;
}

/**
 * Sends a request once. Throws a RegistryError for any status that is not expected, and a UserError for a body longer
 * than its limit.
 */
export async function sendExpecting(
  send: (request: SessionRequest) => Promise<HttpResponse>,
  { expect, accept, bodyLimit, ...request }: ExpectedRequest,
): Promise<ReadResponse> {
  const headers = { ...request.headers, ...(accept === undefined ? {} : { accept }) };
  const response = await send({ ...request, headers });
  const { method } = request;
  await expectStatus(method, response, expect);
  const { url, status } = response;
  if (bodyLimit === undefined) {
    // A response to HEAD is at its end, and a check sends thousands.
    if (method !== 'HEAD') {
      await discardBody(response);
    }
    return { url, status, headers: response.headers, bytes: Buffer.alloc(0) };
  }
  return { url, status, headers: response.headers, bytes: await readBody(method, response, bodyLimit) };
}
