// The end of an exchange: a body read within a limit, thrown away, or told as the registry's error.
import { UserError } from '../errors.ts';
import { maximumErrorBody } from '../limits.ts';
import type { HttpResponse } from './http-client.ts';
import { networkError } from './network-error.ts';
import { OversizedBodyError, RegistryError } from './registry-error.ts';

/** The one value of a header; several values are joined as RFC 9110, section 5.3 says. */
export function headerText({ headers }: Pick<HttpResponse, 'headers'>, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value.join(', ') : value;
}

/** All lines of a header, in order. */
export function headerLines({ headers }: Pick<HttpResponse, 'headers'>, name: string): readonly string[] {
  const value = headers[name];
  return value === undefined ? [] : Array.isArray(value) ? value : [value];
}

/** The whole body; an error when it is longer than `limit` bytes. */
export async function readBody(method: string, response: HttpResponse, limit: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of response.body) {
      size += chunk.length;
      if (size > limit) {
        break;
      }
      chunks.push(chunk);
    }
  } catch (error) {
    throw networkError(method, response.url, error);
  }
  if (size > limit) {
    throw new OversizedBodyError(method, response.url, limit);
  }
  return Buffer.concat(chunks, size);
}

/** Reads a small body to its end, so that the connection can be used again, or cuts a long one off. */
export async function discardBody(response: HttpResponse): Promise<void> {
  let size = 0;
  try {
    for await (const chunk of response.body) {
      size += chunk.length;
      if (size > maximumErrorBody) {
        break;
      }
    }
  } catch {
    // What is thrown away need not arrive.
  }
}

/** The error that an answer of an unwanted status is; reads the body for it. */
export async function registryError(method: string, response: HttpResponse): Promise<UserError> {
  try {
    const body = method === 'HEAD' ? Buffer.alloc(0) : await readBody(method, response, maximumErrorBody);
    if (method === 'HEAD') {
      await discardBody(response);
    }
    return new RegistryError({
      method,
      url: response.url,
      status: response.status,
      body,
      retryAfter: headerText(response, 'retry-after'),
    });
  } catch (error) {
    if (error instanceof UserError) {
      return error;
    }
    throw error;
  }
}

/** Gives the answer back when its status is one of those wanted; throws what the registry said otherwise. */
export async function expectStatus(
  method: string,
  response: HttpResponse,
  wanted: readonly number[],
): Promise<HttpResponse> {
  if (!wanted.includes(response.status)) {
    throw await registryError(method, response);
  }
  return response;
}
