// Content codings (RFC 9110, section 8.4): decodes the bodies of servers that compress although they are asked not to.
import { pipeline, type Readable } from 'node:stream';
import type { HttpResponse } from './http-client.ts';

/** The codings that can be decoded. */
export type Coding = 'gzip' | 'deflate' | 'br';

const codings: Readonly<Record<string, Coding>> = {
  gzip: 'gzip',
  'x-gzip': 'gzip',
  deflate: 'deflate',
  br: 'br',
};

/** The coding that a response names; undefined for none, an unknown one, or several. */
export function contentCoding({ headers }: Pick<HttpResponse, 'headers'>): Coding | undefined {
  const named = headers['content-encoding'];
  return typeof named === 'string' ? codings[named.trim().toLowerCase()] : undefined;
}

/** The decoded bytes of a body. Destroying the result destroys the body; an error of the body or of zlib fails it. */
export async function decodeBody(body: Readable, coding: Coding): Promise<Readable> {
  // Loaded on demand: few responses are coded, and a check must not wait for it.
  const { createBrotliDecompress, createGunzip, createInflate } = await import('node:zlib');
  const decoders = { gzip: createGunzip, deflate: createInflate, br: createBrotliDecompress };
  // The result carries the error.
  return pipeline(body, decoders[coding](), () => {});
}
