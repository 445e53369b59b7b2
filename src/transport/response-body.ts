// Reads what came back: headers, a body within a limit or discarded, and the error of an unexpected status.
import { Readable } from 'node:stream';
import { UserError } from '../errors.ts';
import { collectGarbage } from '../garbage.ts';
import { maximumErrorBody, maximumUncollected } from '../limits.ts';
import { contentCoding, decodeBody } from './content-coding.ts';
import type { HttpResponse } from './http-client.ts';
import { networkError } from './network-error.ts';
import { OversizedBodyError, RegistryError } from './registry-error.ts';

/** The value of a header; several values are joined (RFC 9110, section 5.3). */
export function headerText({ headers }: Pick<HttpResponse, 'headers'>, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value.join(', ') : value;
}

/** All lines of a header, in order. */
export function headerLines({ headers }: Pick<HttpResponse, 'headers'>, name: string): readonly string[] {
  const value = headers[name];
  return value === undefined ? [] : Array.isArray(value) ? value : [value];
}

/**
 * The whole body without its content coding. Throws an OversizedBodyError when it is longer than `limit` bytes, coded or
 * not, and a UserError when the network fails.
 */
export async function readBody(method: string, response: HttpResponse, limit: number): Promise<Buffer> {
  const length = statedLength(response);
  if (length !== undefined && length > limit) {
    // Not even begun: many long bodies at once would fill the memory up to their limits.
    response.body.on('error', () => {}).destroy();
    throw new OversizedBodyError(method, response.url, limit);
  }
  const received = await readAll(response.body, limit, length).catch((error: unknown) => {
    throw networkError(method, response.url, error);
  });
  const coding = contentCoding(response);
  // What is no such coding after all is taken as it is.
  const body =
    received && coding
      ? await readAll(await decodeBody(Readable.from([received]), coding), limit).catch(() => received)
      : received;
  if (!body) {
    throw new OversizedBodyError(method, response.url, limit);
  }
  return body;
}

/** The number of bytes that a `Content-Length` states; undefined without one. */
function statedLength(response: HttpResponse): number | undefined {
  const stated = headerText(response, 'content-length') ?? '';
  return /^\d{1,15}$/.test(stated) ? Number(stated) : undefined;
}

/** All bytes of a stream, of which `length` are expected; undefined when they are more than `limit`. */
async function readAll(stream: Readable, limit: number, length = 0): Promise<Buffer | undefined> {
  // Each chunk is copied as it comes: chunks that are kept until the end would need the memory once more.
  let bytes = allocate(length);
  let size = 0;
  for await (const chunk of stream) {
    const needed = size + chunk.length;
    if (needed > limit) {
      return undefined;
    }
    if (needed > bytes.length) {
      const larger = allocate(Math.min(limit, Math.max(2 * bytes.length, needed)));
      bytes.copy(larger, 0, 0, size);
      bytes = larger;
    }
    bytes.set(chunk, size);
    size = needed;
  }
  return bytes.subarray(0, size);
}

function allocate(length: number): Buffer {
  if (length > maximumUncollected) {
    collectGarbage();
  }
  return Buffer.allocUnsafeSlow(length);
}

/** Reads a small body to its end, so that the connection can be reused; aborts a long one. Never fails. */
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
    // A discarded body need not be complete.
  }
}

/**
 * The body up to its end or at least `limit` bytes, and the response with a body that can still be read as a whole, with
 * the same failure if there is one.
 */
export async function peekBody(
  response: HttpResponse,
  limit: number,
): Promise<{ start: Buffer; response: HttpResponse }> {
  const chunks: Buffer[] = [];
  const rest: AsyncIterator<Buffer> = response.body[Symbol.asyncIterator]();
  let size = 0;
  let failure: unknown;
  let isWhole = false;
  while (size < limit && !isWhole) {
    try {
      const { done, value } = await rest.next();
      isWhole = done === true;
      if (value !== undefined) {
        chunks.push(value);
        size += value.length;
      }
    } catch (error) {
      failure = error;
      isWhole = true;
    }
  }
  async function* again(): AsyncGenerator<Buffer> {
    try {
      yield* chunks;
      if (failure !== undefined) {
        throw failure;
      }
      yield* { [Symbol.asyncIterator]: () => rest };
    } finally {
      await rest.return?.();
    }
  }
  return { start: Buffer.concat(chunks, size), response: { ...response, body: Readable.from(again()) } };
}

/** The error for a response with an unexpected status; reads its body. */
export async function registryError(method: string, response: HttpResponse): Promise<UserError> {
  try {
    const body = method === 'HEAD' ? Buffer.alloc(0) : await readBody(method, response, maximumErrorBody);
    return new RegistryError({
      method,
      url: response.url,
      status: response.status,
      body,
      withoutAdvice: true,
      retryAfter: headerText(response, 'retry-after'),
    });
  } catch (error) {
    if (error instanceof UserError) {
      return error;
    }
    throw error;
  }
}

/** Returns the response when its status is expected; throws what the registry said otherwise. */
export async function expectStatus(
  method: string,
  response: HttpResponse,
  expected: readonly number[],
): Promise<HttpResponse> {
  if (!expected.includes(response.status)) {
    throw await registryError(method, response);
  }
  return response;
}
