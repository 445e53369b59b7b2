// The bytes of a blob in a response: as received, or without a content coding that the server added.
import { Readable } from 'node:stream';
import { maximumErrorBody } from '../limits.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { digestOf } from '../oci/digest.ts';
import { type Coding, contentCoding, decodeBody } from '../transport/content-coding.ts';
import type { HttpResponse } from '../transport/http-client.ts';
import { headerText, peekBody } from '../transport/response-body.ts';

/** The body of a response with a whole blob. */
export interface BlobContent {
  readonly body: Readable;
  /** Whether a content coding was removed: then offsets in the body are not offsets of the response. */
  readonly isDecoded: boolean;
}

/**
 * The content of a response that has the whole blob. A gzip layer may be named a content coding by its own registry, so
 * bytes that are the blob as they are stay so: by the length of the response, or else by their digest or first bytes.
 */
export async function blobContent(response: HttpResponse, descriptor: Descriptor): Promise<BlobContent> {
  const coding = contentCoding(response);
  const length = headerText(response, 'content-length');
  if (!coding || Number(length) === descriptor.size) {
    return { body: response.body, isDecoded: false };
  }
  if (length !== undefined) {
    return { body: await decodeBody(response.body, coding), isDecoded: true };
  }
  const { start, response: again } = await peekBody(response, maximumErrorBody);
  const isCoded = await hasCoding(start, coding, descriptor);
  return { body: isCoded ? await decodeBody(again.body, coding) : again.body, isDecoded: isCoded };
}

/** Whether a body that begins with these bytes (or is these bytes, when they are few) has a coding to remove. */
async function hasCoding(start: Buffer, coding: Coding, descriptor: Descriptor): Promise<boolean> {
  if (start.length < maximumErrorBody) {
    return digestOf(start) !== descriptor.digest;
  }
  const isCompressedBlob = /[+.](gzip|zstd)$/.test(descriptor.mediaType);
  return isCompressedBlob
    ? isCompressed(await firstBytes(start, coding))
    : coding !== 'gzip' || isGzip(start);
}

async function firstBytes(start: Buffer, coding: Coding): Promise<Buffer> {
  try {
    for await (const chunk of await decodeBody(Readable.from([start]), coding)) {
      return chunk;
    }
  } catch {
    // Not of this coding.
  }
  return Buffer.alloc(0);
}

function isCompressed(bytes: Buffer): boolean {
  return isGzip(bytes) || bytes.subarray(0, 4).toString('hex') === '28b52ffd';
}

function isGzip(bytes: Buffer): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}
