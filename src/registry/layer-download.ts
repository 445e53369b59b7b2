// Layers on their way down: from the registry, or from where their descriptor says that a registry may not have them.
import type { Readable } from 'node:stream';
import { UserError } from '../errors.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { isPrivateAddress } from '../transport/private-address.ts';
import { redactedUrl } from '../transport/redacted-url.ts';
import { RegistryError } from '../transport/registry-error.ts';
import type { Session } from '../transport/session.ts';
import { parseUrl, splitHost } from '../transport/url-syntax.ts';
import { openBlob, openBlobAt } from './blob-download.ts';

/**
 * A stream over a layer, as {@link openBlob} gives it. When the registry does not give the layer, the descriptor's
 * `urls` are asked in turn (OCI image specification, descriptor): without any credentials, and only when all of them
 * may be asked. The last refusal is thrown.
 */
export async function openLayer(session: Session, layer: Descriptor): Promise<Readable> {
  try {
    return await openBlob(session, layer);
  } catch (error) {
    // A registry that asks for a pause has the layer, and its own rules for that.
    if (!layer.urls?.length || (error instanceof RegistryError && error.status === 429)) {
      throw error;
    }
    return await openElsewhere(session, layer, layer.urls, error);
  }
}

async function openElsewhere(
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
 * Fails with a {@link UserError} unless content may be fetched from a URL that somebody wrote into a manifest: https,
 * or http when the registry is spoken to over http, and no address of the network that the resource runs in.
 */
export function requireForeignUrl(url: string, origin: string): void {
  const parts = parseUrl(url);
  const schemes = origin.startsWith('http:') ? ['http', 'https'] : ['https'];
  if (!parts || parts.host === '' || !schemes.includes(parts.scheme)) {
    throw new UserError(`refused to fetch a layer from ${redactedUrl(url)}: it is not an https URL`);
  }
  if (isPrivateAddress(splitHost(parts.host).name)) {
    throw new UserError(`refused to fetch a layer from the private address ${parts.host}`);
  }
}
