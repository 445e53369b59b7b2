// Downloads layers: from the registry, or foreign layers from the URLs in their descriptor.
import type { Readable } from 'node:stream';
import { UserError } from '../errors.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { isForeignPrivateAddress } from '../transport/private-address.ts';
import { redactedUrl } from '../transport/redacted-url.ts';
import { RegistryError } from '../transport/registry-error.ts';
import { requestUrl } from '../transport/resolve-url.ts';
import type { Session } from '../transport/session.ts';
import { parseUrl } from '../transport/url-syntax.ts';
import { openBlob, openBlobAt } from './blob-download.ts';

/**
 * A stream of a layer, see {@link openBlob}. When the registry refuses the layer, the `urls` of the descriptor are tried
 * in turn (OCI image specification, descriptor), without credentials, and only when all of them are allowed. Throws the
 * last refusal.
 */
export async function openLayer(session: Session, layer: Descriptor): Promise<Readable> {
  try {
    return await openBlob(session, layer);
  } catch (error) {
    // After a rate limit the attempt starts over; the layer itself may well be there.
    if (!layer.urls?.length || (error instanceof RegistryError && error.status === 429)) {
      throw error;
    }
    return await openForeignLayer(session, layer, layer.urls, error);
  }
}

async function openForeignLayer(
  session: Session,
  layer: Descriptor,
  urls: readonly string[],
  refusal: unknown,
): Promise<Readable> {
  for (const url of urls) {
    requireForeignUrl(url, session.origin);
  }
  let last = refusal;
  for (const url of urls) {
    try {
      return await openBlobAt(session, url, layer);
    } catch (error) {
      last = error;
    }
  }
  throw new UserError(`layer ${layer.digest} is not in the registry, nor where its descriptor says`, {
    cause: last,
  });
}

/**
 * Throws a {@link UserError} unless content may be fetched from a URL in a manifest: https, or http when the registry is
 * reached over http, and no address of the network that the resource runs in.
 */
export function requireForeignUrl(url: string, origin: string): void {
  const parts = parseUrl(url);
  const schemes = origin.startsWith('http:') ? ['http', 'https'] : ['https'];
  if (!parts || parts.host === '' || !schemes.includes(parts.scheme)) {
    throw new UserError(`refused to fetch a layer from ${redactedUrl(url)}: it is not an https URL`);
  }
  if (isForeignPrivateAddress(parts.host, requestUrl(origin).host)) {
    throw new UserError(`refused to fetch a layer from the private address ${parts.host}`);
  }
}
