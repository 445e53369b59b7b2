// Content trust of a put: every image that was pushed is signed under every tag.

import { isTestRun, testTimeoutDivisor } from '../access/access.ts';
import { childrenOf, contentKind } from '../content/graph-source.ts';
import { staticCredentials } from '../credentials/static.ts';
import { errorText, UserError } from '../errors.ts';
import type { Log } from '../log.ts';
import { collectionOf } from '../notary/collection-name.ts';
import type { Target } from '../notary/new-metadata.ts';
import { notaryServer } from '../notary/notary-server.ts';
import { signTargets } from '../notary/sign-targets.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Surroundings } from '../process/surroundings.ts';
import { getListedManifest } from '../registry/manifest-endpoint.ts';
import type { PutSource } from '../request/request.ts';
import { redactingSecrets } from '../request/secrets.ts';
import { createHttpClient } from '../transport/http-client.ts';
import { proxyFor } from '../transport/proxy.ts';
import { createRetrier } from '../transport/retrier.ts';
import { openSession, type Session } from '../transport/session.ts';
import { createTrustRoots, machineTrustFiles } from '../transport/trust-roots.ts';
import { readTrustSettings } from './trust-settings.ts';

/** Signs what was pushed. */
export interface ContentSigner {
  /** Signs every image of a root (an index itself is none) under every tag. Throws a UserError that names the tags. */
  sign(session: Session, root: Descriptor, tags: readonly string[]): Promise<void>;
}

/**
 * Prepares signing as content_trust asks for it; undefined when it does not. Reads key and certificates, without any
 * traffic: a UserError says which of them can not be used.
 */
export function openContentTrust(
  source: PutSource,
  surroundings: Surroundings,
  log: Log,
): ContentSigner | undefined {
  const trust = source.contentTrust;
  if (!trust) {
    return undefined;
  }
  const { server, clientCertificate, key } = readTrustSettings(trust);

  const sign = async (session: Session, root: Descriptor, tags: readonly string[]) => {
    const { repository } = session;
    const notary = collectionOf(repository, server);
    const { environment, clock, random, addSecret } = surroundings;
    const client = createHttpClient({
      trustRoots: createTrustRoots({ environment, caCerts: source.caCerts, files: machineTrustFiles }),
      proxyFor: (url) => proxyFor(url, environment),
      timeoutDivisor: isTestRun(surroundings) ? testTimeoutDivisor : 1,
      clientCertificate,
    });
    try {
      const retrier = createRetrier({
        stage: 'out',
        test: isTestRun(surroundings),
        clock,
        random,
        log,
      });
      const { credentials } = staticCredentials(trust.username || trust.password ? trust : source);
      const notarySession = await retrier.exchange(() =>
        openSession({
          client: redactingSecrets(client, addSecret),
          repository: notary,
          insecure: false,
          secureOnly: true,
          credentials,
          actions: trust.scopes,
          retrier,
          clock,
          log,
        }),
      );
      const images = await imagesBelow(session, root);
      const targets = images.flatMap(({ digest, size }) =>
        tags.map((name): Target => ({ name, digest, length: size })),
      );
      log.info(`signing tag(s) ${tags.join(', ')} on ${notary.registry}`);
      const options = { ...key, gun: notary.path, now: () => clock.now(), log };
      await signTargets(targets, { ...options, server: notaryServer(notarySession) });
      log.info('signed');
    } finally {
      await client.close();
    }
  };
  return {
    async sign(session, root, tags) {
      if (tags.length === 0) {
        return;
      }
      try {
        await sign(session, root, tags);
      } catch (cause) {
        const message = `signing tag(s) ${tags.join(', ')} failed; the image is pushed, its signature is not`;
        if (trust.onFailure === 'fail' || !(cause instanceof UserError)) {
          throw new UserError(message, { cause });
        }
        log.error(`${message}: ${errorText(cause)}`);
      }
    },
  };
}

/** The images of a root in the order in which upstream signs them: an index's own, then those of indexes in it. */
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
