// Content trust of a put: signs every pushed image under every tag.

import type { Access } from '../access/access.ts';
import { contentKind } from '../content/content-graph.ts';
import { childrenOf } from '../content/graph-source.ts';
import { staticCredentials } from '../credentials/credential-source.ts';
import { errorText, UserError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { Target } from '../notary/new-metadata.ts';
import { collectionOf, notaryServer } from '../notary/notary-server.ts';
import { signTargets } from '../notary/sign-targets.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { getListedManifest } from '../registry/manifest-endpoint.ts';
import type { PutSource } from '../request/request.ts';
import type { Clock } from '../transport/clock.ts';
import type { Session } from '../transport/session.ts';
import { repositoryScope } from '../transport/token.ts';
import { readTrustSettings } from './trust-settings.ts';

/** Signs pushed images. */
export interface ContentSigner {
  /** Signs every image below a root (an index is not an image) under every tag. Throws a UserError that names the tags. */
  sign(session: Session, root: Descriptor, tags: readonly string[]): Promise<void>;
}

/**
 * Prepares signing; undefined without content_trust. Reads the key and the certificates and sends no request. Throws a
 * UserError that names the one that cannot be used.
 */
export function openContentTrust(
  source: PutSource,
  access: Access,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
  log: Log,
): ContentSigner | undefined {
  const trust = source.contentTrust;
  if (!trust) {
    return undefined;
  }
  const { server: host, clientCertificate, key } = readTrustSettings(trust);

  const sign = async (session: Session, root: Descriptor, tags: readonly string[]) => {
    const { repository } = session;
    const notary = collectionOf(repository, host);
    const { credentials } = staticCredentials(trust.username || trust.password ? trust : source);
    const server = access.registry(notary.registry, {
      credentials,
      insecure: false,
      secureOnly: true,
      clientCertificate,
    });
    const notarySession = await server.repository(notary.path, [repositoryScope(notary.path, trust.scopes)]);
    const images = await imagesBelow(session, root);
    const targets = images.flatMap(({ digest, size }) =>
      tags.map((name): Target => ({ name, digest, length: size })),
    );
    log.info(`signing tag(s) ${tags.join(', ')} on ${notary.registry}`);
    await signTargets(targets, {
      ...key,
      gun: notary.path,
      now: clock.now,
      log,
      server: notaryServer(notarySession),
    });
    log.info('signed');
  };
  return {
    async sign(session, root, tags) {
      if (tags.length === 0) {
        return;
      }
      try {
        await sign(session, root, tags);
      } catch (cause) {
        signal.throwIfAborted();
        const message = `signing tag(s) ${tags.join(', ')} failed; the image is pushed, its signature is not`;
        if (trust.onFailure === 'fail' || !(cause instanceof UserError)) {
          throw new UserError(message, { cause });
        }
        log.error(`${message}: ${errorText(cause)}`);
      }
    },
  };
}

/** The images below a root in the order in which upstream signs them: those of an index, then those of its indexes. */
async function imagesBelow(session: Session, root: Descriptor): Promise<readonly Descriptor[]> {
  if (contentKind(root.mediaType) !== 'index') {
    return [root];
  }
  const images: Descriptor[] = [];
  const indexes = [root];
  for (let index = indexes.pop(); index; index = indexes.pop()) {
    const { bytes } = await getListedManifest(session, index);
    for (const { kind, descriptor } of childrenOf('index', bytes, `index ${index.digest}`)) {
      if (kind !== 'blob') {
        (kind === 'index' ? indexes : images).push(descriptor);
      }
    }
  }
  return images;
}
