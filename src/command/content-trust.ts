// Content trust of a put: what the source says about it, checked before the push, and the signing after it.
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { staticCredentials } from '../credentials/static.ts';
import { errorText, UserError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { childrenOf, contentKind } from '../oci/graph.ts';
import type { RepositoryActions } from '../oci/reference.ts';
import { parseUrl } from '../oci/url-syntax.ts';
import { getListedManifest } from '../registry/manifest-endpoint.ts';
import { type ClientCertificate, createHttpClient } from '../transport/http-client.ts';
import { createPersistence } from '../transport/persistence.ts';
import { proxyFor } from '../transport/proxy.ts';
import { openSession, type Session } from '../transport/session.ts';
import { createTrustRoots, machineTrustFiles } from '../transport/trust-roots.ts';
import { collectionOf } from '../trust/collection-name.ts';
import type { Target } from '../trust/new-metadata.ts';
import { notaryServer } from '../trust/notary-server.ts';
import { readPrivateKey } from '../trust/private-key.ts';
import { signTargets } from '../trust/sign-targets.ts';
import { type SigningKey, signingKey } from '../trust/signing-key.ts';
import { isTestRun, testHurry } from './open-repository.ts';
import { keepingSecrets } from './secrets.ts';
import type { ContentTrust, Source } from './source.ts';
import type { Surroundings } from './surroundings.ts';

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
  source: Source,
  surroundings: Surroundings,
  log: Log,
): ContentSigner | undefined {
  const trust = source.contentTrust;
  if (!trust) {
    return undefined;
  }
  const server = serverHost(trust.server);
  const clientCertificate = readClientCertificate(trust);
  const key = readSigningKey(trust);
  const onFailure = readOnFailure(trust.onFailure);
  const actions = readScopes(trust.scopes, log);

  const sign = async (session: Session, root: Descriptor, tags: readonly string[]) => {
    const { repository } = session;
    const notary = collectionOf(repository, server);
    const { environment, clock, random, keepSecret } = surroundings;
    const client = createHttpClient({
      trustRoots: createTrustRoots({ environment, caCerts: source.caCerts, files: machineTrustFiles }),
      proxyFor: (url) => proxyFor(url, environment),
      hurry: isTestRun(surroundings) ? testHurry : 1,
      clientCertificate,
    });
    try {
      const persistence = createPersistence({
        stage: 'out',
        test: isTestRun(surroundings),
        clock,
        random,
        log,
      });
      const { credentials } = staticCredentials(trust.username || trust.password ? trust : source);
      const notarySession = await persistence.exchange(() =>
        openSession({
          client: keepingSecrets(client, keepSecret),
          repository: notary,
          insecure: false,
          secureOnly: true,
          credentials,
          actions,
          persistence,
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
        if (onFailure === 'fail' || !(cause instanceof UserError)) {
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

function serverHost(server: string): string | undefined {
  if (server === '') {
    return undefined;
  }
  const url = parseUrl(server);
  if (url?.scheme !== 'https' || url.host === '' || !['', '/'].includes(url.path) || url.userInfo) {
    throw new UserError('content_trust.server is not the https URL of a notary server', {
      hint: 'write it as https://notary.example.com, with a port if it has one, without a path or a user',
    });
  }
  return url.host;
}

function readClientCertificate({ tlsCert: cert, tlsKey: key }: ContentTrust): ClientCertificate | undefined {
  if (cert === '' && key === '') {
    return undefined;
  }
  try {
    if (new X509Certificate(cert).checkPrivateKey(createPrivateKey(key))) {
      return { cert, key };
    }
  } catch {
    // A parser's words may quote what it read.
  }
  throw new UserError('content_trust.tls_cert and tls_key are not a certificate and its private key', {
    hint: 'give both as PEM texts that belong together, the key without a passphrase, or neither',
  });
}

function readSigningKey(trust: ContentTrust): { readonly key: SigningKey; readonly isRootKey: boolean } {
  if (trust.repositoryKey === '') {
    throw new UserError('content_trust.repository_key is missing', {
      hint: 'give the private key to sign with as a PEM text, or remove content_trust to publish without a signature',
    });
  }
  const { key, role } = readPrivateKey(trust.repositoryKey, trust.repositoryPassphrase);
  const signer = signingKey(key);
  if (trust.repositoryKeyId !== '' && trust.repositoryKeyId !== signer.id) {
    throw new UserError(`content_trust.repository_key_id is not the id of repository_key`, {
      hint: `the id of this key is ${signer.id}: write that, or leave repository_key_id out`,
    });
  }
  return { key: signer, isRootKey: role === 'root' };
}

function readOnFailure(text: string): 'fail' | 'warn' {
  if (text !== '' && text !== 'fail' && text !== 'warn') {
    throw new UserError(`content_trust.on_failure is fail or warn, not ${JSON.stringify(text)}`);
  }
  return text === 'warn' ? 'warn' : 'fail';
}

function readScopes(text: string, log: Log): RepositoryActions {
  switch (text) {
    case '':
      return 'push,pull';
    case 'pull':
    case 'push,pull':
    case 'catalog':
      return text;
    default:
      log.warn(`content_trust.scopes is not pull, push,pull or catalog: pull is asked for`);
      return 'pull';
  }
}
