// Downloads blobs: verified by size and digest, and resumed where a connection broke.
import { Readable } from 'node:stream';
import { ContentSizeError, verifyContent } from '../content/verified-content.ts';
import { UserError } from '../errors.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { contentCoding } from '../transport/content-coding.ts';
import type { HttpResponse } from '../transport/http-client.ts';
import { networkError } from '../transport/network-error.ts';
import { redactedUrl } from '../transport/redacted-url.ts';
import { discardBody, expectStatus, headerText, registryError } from '../transport/response-body.ts';
import type { Tries } from '../transport/retrier.ts';
import { isPassing } from '../transport/retry-policy.ts';
import type { Session } from '../transport/session.ts';
import { webPageError } from '../transport/web-page.ts';
import { type BlobContent, blobContent } from './blob-content.ts';
import { type RateGuard, rateGuard, SlowServerError } from './rate-guard.ts';

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
  const wanted = { session, target, descriptor };
  const first = await session.retrier.exchange(() => requestWhole(wanted));
  const download: Download = { ...wanted, current: first, hasReader: true, acceptsRanges: !first.isDecoded };
  const bytes = Readable.from(resumingBytes(download), { objectMode: false, highWaterMark: 1024 * 1024 });
  const what = `blob ${session.repository.path}@${descriptor.digest}`;
  const verified = verifyContent(bytes, descriptor, what, () => pageError(download.current));
  // A generator that waits for bytes cannot be ended by its reader until some arrive.
  verified.once('close', () => {
    download.hasReader = false;
    download.current.body.on('error', () => {}).destroy();
  });
  return verified;
}

/** A blob and where it is requested. */
interface WantedBlob {
  readonly session: Session;
  readonly target: string;
  readonly descriptor: Descriptor;
}

/** A download in progress. */
interface Download extends WantedBlob {
  /** The response that is being read. */
  current: BlobResponse;
  /** False after the reader has closed the stream. */
  hasReader: boolean;
  /** False after a range was refused: then the blob is requested as a whole, and known bytes are skipped. */
  acceptsRanges: boolean;
}

/** A response with bytes of a blob. */
interface BlobResponse extends BlobContent {
  readonly url: string;
  readonly contentType: string | undefined;
  /** The offset of its first byte. */
  readonly start: number;
  /** The offset after its last byte, when that is not the end of the blob. */
  readonly end?: number | undefined;
}

async function send({ session, target }: WantedBlob, headers: Record<string, string>): Promise<HttpResponse> {
  return await session.send({
    method: 'GET',
    target,
    headers,
    anonymous: !target.startsWith('/'),
    isContent: true,
  });
}

async function requestWhole(wanted: WantedBlob): Promise<BlobResponse> {
  const response = await send(wanted, {});
  if (response.status === 206) {
    await discardBody(response);
    throw new UserError(
      `GET ${redactedUrl(response.url)}: the response is a part of the blob, not the whole`,
    );
  }
  return await readWhole(await expectStatus('GET', response, [200]), wanted);
}

async function readWhole(response: HttpResponse, { descriptor }: WantedBlob): Promise<BlobResponse> {
  const content = await blobContent(response, descriptor);
  const { url } = response;
  const contentType = headerText(response, 'content-type');
  const length = headerText(response, 'content-length');
  if (!content.isDecoded && length !== undefined && Number(length) !== descriptor.size) {
    await discardBody(response);
    throw (
      pageError({ url, contentType }) ??
      new ContentSizeError(
        `GET ${redactedUrl(url)}: the response has ${length} bytes; expected ${descriptor.size} bytes`,
      )
    );
  }
  return { ...content, url, contentType, start: 0 };
}

function pageError({ url, contentType }: Pick<BlobResponse, 'url' | 'contentType'>): UserError | undefined {
  return webPageError('GET', url, contentType, 'a blob');
}

/** The rest of a blob from an offset on, or undefined when the server refuses the range or returns another one. */
async function requestRange(wanted: WantedBlob, offset: number): Promise<BlobResponse | undefined> {
  const response = await send(wanted, { range: `bytes=${offset}-` });
  const { status, url } = response;
  if (status === 200) {
    return await readWhole(response, wanted);
  }
  // These do not depend on the range.
  if ([401, 403, 404].includes(status) || isPassing(status)) {
    throw await registryError('GET', response);
  }
  const start = rangeStart(response, offset);
  const rest = wanted.descriptor.size - start;
  const length = Number(headerText(response, 'content-length') ?? rest);
  if (status !== 206 || start > offset || !(length <= rest) || contentCoding(response)) {
    await discardBody(response);
    return undefined;
  }
  return {
    body: response.body,
    isDecoded: false,
    url,
    contentType: headerText(response, 'content-type'),
    start,
    end: length < rest ? start + length : undefined,
  };
}

/** Where the range of a 206 begins: by its `Content-Range`, else as requested. */
function rangeStart(response: HttpResponse, offset: number): number {
  const [, start] = /^bytes (\d+)-/.exec(headerText(response, 'content-range') ?? '') ?? [];
  return start === undefined ? offset : Number(start);
}

async function requestRest(download: Download, offset: number): Promise<BlobResponse> {
  const ranged = offset > 0 && download.acceptsRanges ? await requestRange(download, offset) : undefined;
  if (ranged) {
    return ranged;
  }
  download.acceptsRanges &&= offset === 0;
  return await requestWhole(download);
}

async function* resumingBytes(download: Download): AsyncGenerator<Buffer> {
  const { descriptor } = download;
  const tries = download.session.retrier.tries();
  let offset = 0;
  while (download.hasReader) {
    const { body, url, start, end } = download.current;
    const outcome: ReadOutcome = { failure: undefined };
    const rate = rateGuard(url, download.session.limits.blob, () => performance.now());
    const before = offset;
    let skip = offset - start;
    for await (const chunk of chunksOf(body, outcome, rate)) {
      const fresh = chunk.subarray(skip);
      skip = Math.max(0, skip - chunk.length);
      if (fresh.length > 0) {
        offset += fresh.length;
        yield fresh;
      }
    }
    if (offset > before && !(outcome.failure instanceof SlowServerError)) {
      tries.progressed();
    }
    if (offset >= descriptor.size) {
      return;
    }
    const isPart = offset === end && offset > before;
    await resume(
      download,
      offset,
      tries,
      isPart ? undefined : failureOf(outcome, download.current, offset, descriptor.size),
    );
  }
}

function failureOf({ failure }: ReadOutcome, response: BlobResponse, received: number, size: number) {
  return failure === undefined
    ? (pageError(response) ?? connectionEnded(response.url, received, size))
    : networkError('GET', response.url, failure);
}

/** Requests the rest: at once after a part of the blob that was complete, else when the retrier allows the next try. */
async function resume(download: Download, offset: number, tries: Tries, first: unknown): Promise<void> {
  for (let failure = first; download.hasReader; ) {
    if (failure !== undefined) {
      await tries.failed(failure);
    }
    try {
      download.current = await requestRest(download, offset);
    } catch (error) {
      failure = error;
      continue;
    }
    if (!download.hasReader) {
      download.current.body.on('error', () => {}).destroy();
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
async function* chunksOf(
  body: AsyncIterable<Buffer>,
  outcome: ReadOutcome,
  rate: RateGuard,
): AsyncGenerator<Buffer> {
  try {
    yield* rate(body);
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
