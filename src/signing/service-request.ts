// Requests to the services of a sigstore deployment: over our own client, so that proxies and ca_certs count for them, too.
import { UserError } from '../errors.ts';
import { parseJson } from '../oci/json.ts';
import type { HttpClient, HttpResponse } from '../transport/http-client.ts';
import { networkError } from '../transport/network-error.ts';
import { isSameMachine } from '../transport/private-address.ts';
import { redactedUrl } from '../transport/redacted-url.ts';
import { expectStatus, readBody } from '../transport/response-body.ts';
import type { Retrier } from '../transport/retrier.ts';
import { registryLimits } from '../transport/time-limits.ts';
import { parseUrl, splitHost } from '../transport/url-syntax.ts';

/** What requests to a service are sent with. */
export interface ServiceAccess {
  readonly client: HttpClient;
  readonly retrier: Retrier;
}

/** A request to a service. */
export interface ServiceRequest {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  /** The statuses that are no failure. */
  readonly expect: readonly number[];
  /** The longest body that is read, in bytes. */
  readonly limit: number;
}

/** A response of a service, read. */
export interface ServiceAnswer extends Omit<HttpResponse, 'body'> {
  readonly bytes: Buffer;
}

/**
 * Requires https, or a host that is this machine: an identity token must not travel in clear text. Throws a UserError that
 * begins with `where`.
 */
export function requireSafeUrl(url: string, where: string): void {
  const parts = parseUrl(url);
  if (!parts || parts.userInfo !== undefined || parts.fragment !== undefined) {
    throw new UserError(`${where} is no URL: ${JSON.stringify(redactedUrl(url))}`, {
      hint: 'write https://host/path, without a user and a password',
    });
  }
  const isLocal = parts.scheme === 'http' && isSameMachine(splitHost(parts.host).name, '127.0.0.1');
  if (parts.scheme !== 'https' && !isLocal) {
    throw new UserError(`${where} is not an https URL: ${JSON.stringify(redactedUrl(url))}`);
  }
}

/** Sends a request, again where that can help. Throws a RegistryError for an unexpected status, and a UserError of the network. */
export async function askService(
  { client, retrier }: ServiceAccess,
  request: ServiceRequest,
): Promise<ServiceAnswer> {
  const { method, url, headers = {}, body, expect, limit } = request;
  return await retrier.exchange(async () => {
    let response: HttpResponse;
    try {
      response = await client.send({
        method,
        url,
        headers,
        ...(body ? { body: { length: body.length, open: async () => body } } : {}),
        timeout: registryLimits.read,
        bodyTime: registryLimits.document,
      });
    } catch (error) {
      throw networkError(method, url, error);
    }
    await expectStatus(method, response, expect);
    const { status } = response;
    return { url, status, headers: response.headers, bytes: await readBody(method, response, limit) };
  });
}

/** The same with a JSON document as the answer; undefined for anything else. */
export async function serviceJson(access: ServiceAccess, request: ServiceRequest): Promise<unknown> {
  const headers = { accept: 'application/json', ...request.headers };
  return parseJson((await askService(access, { ...request, headers })).bytes);
}

/** A JSON document as the body of a request. */
export function jsonBody(value: object): Pick<ServiceRequest, 'headers' | 'body'> {
  return { headers: { 'content-type': 'application/json' }, body: Buffer.from(JSON.stringify(value)) };
}
