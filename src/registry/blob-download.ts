// Downloads blobs: verified by size and digest, and resumed where a connection broke.
import { Readable } from 'node:stream';
import { verifyContent } from '../content/verified-content.ts';
import { UserError } from '../errors.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { HttpResponse } from '../transport/http-client.ts';
import { networkError } from '../transport/network-error.ts';
import { redactedUrl } from '../transport/redacted-url.ts';
import { discardBody, expectStatus, headerText } from '../transport/response-body.ts';
import type { Tries } from '../transport/retrier.ts';
import type { Session } from '../transport/session.ts';

/**
 * A stream of a blob. It fails at its end when size or digest do not match the descriptor. When a connection breaks or
 * times out, the rest is requested from the byte reached (RFC 9110, section 14), as often as the session's retrier
 * allows; only then does the stream fail.
 */
export async function openBlob(session: Session, descriptor: Descriptor): Promise<Readable> {
  if (descriptor.data) {
    return Readable.from([descriptor.data]);
  }
  return await openBlobAt(session, `/v2/${session.repository.path}/blobs/${descriptor.digest}`, descriptor);
}

/** The same for a blob at any URL. Without credentials, unless `target` is a path on the registry. */
export async function openBlobAt(
  session: Session,
  target: string,
  descriptor: Descriptor,
): Promise<Readable> {
  const first = await session.retrier.exchange(() => requestBlob(session, target, descriptor, 0));
  const download: Download = { session, target, descriptor, current: first, hasReader: true };
  const bytes = Readable.from(resumingBytes(download), { objectMode: false, highWaterMark: 1024 * 1024 });
  const verified = verifyContent(bytes, descriptor, `blob ${session.repository.path}@${descriptor.digest}`);
  // A generator that waits for bytes cannot be ended by its reader until some arrive.
  verified.once('close', () => {
    download.hasReader = false;
    download.current.response.body.on('error', () => {}).destroy();
  });
  return verified;
}

/** A download in progress. */
interface Download {
  readonly session: Session;
  readonly target: string;
  readonly descriptor: Descriptor;
  /** The response that is being read. */
  current: BlobResponse;
  /** False after the reader has closed the stream. */
  hasReader: boolean;
}

/** A response with bytes of a blob; the first one is at the offset `start`. */
interface BlobResponse {
  readonly response: HttpResponse;
  readonly start: number;
}

async function requestBlob(
  session: Session,
  target: string,
  descriptor: Descriptor,
  offset: number,
): Promise<BlobResponse> {
  const headers = offset > 0 ? { range: `bytes=${offset}-` } : {};
  const response = await session.send({ method: 'GET', target, headers, anonymous: !target.startsWith('/') });
  await expectStatus('GET', response, offset > 0 ? [200, 206] : [200]);
  const start = response.status === 206 ? rangeStart(response, offset) : 0;
  const expected = descriptor.size - start;
  const length = headerText(response, 'content-length');
  if (start > offset || (length !== undefined && Number(length) !== expected)) {
    await discardBody(response);
    throw new UserError(
      `GET ${redactedUrl(response.url)}: the response has ${length ?? 'some'} bytes from offset ${start}; ` +
        `expected ${descriptor.size - offset} bytes from offset ${offset}`,
    );
  }
  return { response, start };
}

/** Where the range of a 206 begins: by its `Content-Range`, else as requested. */
function rangeStart(response: HttpResponse, offset: number): number {
  const [, start] = /^bytes (\d+)-/.exec(headerText(response, 'content-range') ?? '') ?? [];
  return start === undefined ? offset : Number(start);
}

async function* resumingBytes(download: Download): AsyncGenerator<Buffer> {
  const { descriptor } = download;
  const tries = download.session.retrier.tries();
  let offset = 0;
  while (download.hasReader) {
    const { response, start } = download.current;
    const outcome: ReadOutcome = { failure: undefined };
    let skip = offset - start;
    for await (const chunk of chunksOf(response.body, outcome)) {
      const fresh = chunk.subarray(skip);
      skip = Math.max(0, skip - chunk.length);
      if (fresh.length > 0) {
        offset += fresh.length;
        tries.progressed();
        yield fresh;
      }
    }
    if (offset >= descriptor.size) {
      return;
    }
    const error = outcome.failure
      ? networkError('GET', response.url, outcome.failure)
      : connectionEnded(response.url, offset, descriptor.size);
    await resume(download, offset, tries, error);
  }
}

async function resume(download: Download, offset: number, tries: Tries, first: unknown): Promise<void> {
  const { session, target, descriptor } = download;
  for (let failure = first; download.hasReader; ) {
    await tries.failed(failure);
    try {
      download.current = await requestBlob(session, target, descriptor, offset);
    } catch (error) {
      failure = error;
      continue;
    }
    if (!download.hasReader) {
      await discardBody(download.current.response);
    }
    return;
  }
}

interface ReadOutcome {
  failure: unknown;
}

/**
 * The chunks of a body; its failure is stored in `outcome`. Separate from the code that yields the bytes, so that an
 * error by which the reader ends the stream is never taken for a broken connection.
 */
async function* chunksOf(body: AsyncIterable<Buffer>, outcome: ReadOutcome): AsyncGenerator<Buffer> {
  try {
    yield* body;
  } catch (error) {
    outcome.failure = error;
  }
}

function connectionEnded(url: string, received: number, size: number): UserError {
  return new UserError(
    `GET ${redactedUrl(url)}: the connection ended after ${received} of ${size} bytes of the blob`,
    { code: 'RESPONSE_INCOMPLETE' },
  );
}
