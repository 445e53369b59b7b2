// Blobs on their way down: verified to the last byte, and resumed where a connection broke.
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
 * A stream over a blob. It fails at its end when size or digest are not what the descriptor says. When a
 * connection breaks or falls silent, the rest is asked for from the byte reached (RFC 9110, section 14), as
 * often as the session's retrier allows; only then does the stream fail.
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
  const first = await session.retrier.exchange(() => requestBlob(session, target, descriptor, 0));
  const download: Download = { session, target, descriptor, answer: first, wanted: true };
  const bytes = Readable.from(resumingBytes(download), { objectMode: false, highWaterMark: 1024 * 1024 });
  const verified = verifyContent(bytes, descriptor, `blob ${session.repository.path}@${descriptor.digest}`);
  // A generator that waits for bytes hears of the end of its reader only when some have come.
  verified.once('close', () => {
    download.wanted = false;
    download.answer.response.body.on('error', () => {}).destroy();
  });
  return verified;
}

/** A download under way. */
interface Download {
  readonly session: Session;
  readonly target: string;
  readonly descriptor: Descriptor;
  /** The one that is read now. */
  answer: BlobResponse;
  /** Until its reader has gone. */
  wanted: boolean;
}

/** An answer with bytes of a blob, the first of which lies at `start`. */
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
      `GET ${redactedUrl(response.url)}: the registry offers ${length ?? 'some'} bytes from byte ${start} on ` +
        `where ${descriptor.size - offset} from byte ${offset} on were expected`,
    );
  }
  return { response, start };
}

/** Where the range of a 206 begins: where it was asked for, unless `Content-Range` says otherwise. */
function rangeStart(response: HttpResponse, offset: number): number {
  const [, start] = /^bytes (\d+)-/.exec(headerText(response, 'content-range') ?? '') ?? [];
  return start === undefined ? offset : Number(start);
}

async function* resumingBytes(download: Download): AsyncGenerator<Buffer> {
  const { descriptor } = download;
  const tries = download.session.retrier.tries();
  let offset = 0;
  while (download.wanted) {
    const { response, start } = download.answer;
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
    await askForRest(download, offset, tries, error);
  }
}

async function askForRest(download: Download, offset: number, tries: Tries, first: unknown): Promise<void> {
  const { session, target, descriptor } = download;
  for (let failure = first; download.wanted; ) {
    await tries.failed(failure);
    try {
      download.answer = await requestBlob(session, target, descriptor, offset);
    } catch (error) {
      failure = error;
      continue;
    }
    if (!download.wanted) {
      await discardBody(download.answer.response);
    }
    return;
  }
}

interface ReadOutcome {
  failure: unknown;
}

/**
 * What arrives of a body; how it failed is noted in `outcome`. Apart from the code that hands the bytes on,
 * so that an error by which the reader ends the stream is never taken for a broken connection.
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
