// Blobs on their way down: verified to the last byte, and resumed where a connection broke.
import { Readable } from 'node:stream';
import { UserError } from '../errors.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { redactedUrl } from '../oci/redacted-url.ts';
import { verifyContent } from '../oci/verified-content.ts';
import { networkError } from '../transport/failure-text.ts';
import type { HttpResponse } from '../transport/http-client.ts';
import { discardBody, expectStatus, headerText } from '../transport/response-body.ts';
import type { Session } from '../transport/session.ts';

/**
 * A stream over a blob. It fails at its end when size or digest are not what the descriptor says. When a
 * connection breaks or falls silent, the rest is asked for from the byte reached (RFC 9110, section 14), as
 * often as the session's persistence allows; only then does the stream fail.
 */
export async function openBlob(session: Session, descriptor: Descriptor): Promise<Readable> {
  if (descriptor.data) {
    return Readable.from([descriptor.data]);
  }
  return await openBlobAt(session, `/v2/${session.repository.path}/blobs/${descriptor.digest}`, descriptor);
}

/** The same for a blob at any URL. Nobody is told who asks when that isn't a path on the registry. */
export async function openBlobAt(
  session: Session,
  target: string,
  descriptor: Descriptor,
): Promise<Readable> {
  const first = await session.persistence.exchange(() => requestBlob(session, target, descriptor, 0));
  const bytes = Readable.from(resumingBytes(session, target, descriptor, first), {
    objectMode: false,
    highWaterMark: 1024 * 1024,
  });
  return verifyContent(bytes, descriptor, `blob ${session.repository.path}@${descriptor.digest}`);
}

async function requestBlob(
  session: Session,
  target: string,
  descriptor: Descriptor,
  offset: number,
): Promise<HttpResponse> {
  const headers = offset > 0 ? { range: `bytes=${offset}-` } : {};
  const response = await session.send({ method: 'GET', target, headers, anonymous: !target.startsWith('/') });
  await expectStatus('GET', response, offset > 0 ? [200, 206] : [200]);
  const expected = response.status === 206 ? descriptor.size - offset : descriptor.size;
  const length = headerText(response, 'content-length');
  if (length !== undefined && Number(length) !== expected) {
    await discardBody(response);
    throw new UserError(
      `GET ${redactedUrl(response.url)}: the registry offers ${length} bytes where ${expected} were expected`,
    );
  }
  return response;
}

async function* resumingBytes(
  session: Session,
  target: string,
  descriptor: Descriptor,
  first: HttpResponse,
): AsyncGenerator<Buffer> {
  let response = first;
  let offset = 0;
  let skip = 0;
  for (;;) {
    let broken: unknown;
    try {
      for await (const chunk of response.body as AsyncIterable<Buffer>) {
        const fresh = skip > 0 ? chunk.subarray(skip) : chunk;
        skip -= chunk.length - fresh.length;
        if (fresh.length > 0) {
          offset += fresh.length;
          yield fresh;
        }
      }
      if (offset >= descriptor.size) {
        return;
      }
      broken = new EarlyEndError(offset, descriptor.size);
    } catch (error) {
      broken = error;
    }
    const failure = networkError('GET', response.url, broken);
    // The failure counts as the first try of the exchange that asks for the rest.
    let told = false;
    response = await session.persistence.exchange(() => {
      if (!told) {
        told = true;
        throw failure;
      }
      return requestBlob(session, target, descriptor, offset);
    });
    skip = response.status === 206 ? 0 : offset;
  }
}

class EarlyEndError extends UserError {
  readonly code = 'ERR_STREAM_PREMATURE_CLOSE';

  constructor(received: number, size: number) {
    super(`the connection ended after ${received} of ${size} bytes`);
  }
}
