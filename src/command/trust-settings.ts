// Reads content_trust of a source before any traffic: the notary server, the client certificate and the signing key.
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { UserError } from '../errors.ts';
import { type PrivateKeyFile, readPrivateKey } from '../notary/private-key.ts';
import { type SigningKey, signingKey } from '../notary/signing-key.ts';
import type { ContentTrust } from '../request/content-trust.ts';
import type { ClientCertificate } from '../transport/connections.ts';
import { parseUrl } from '../transport/url-syntax.ts';

/** How to sign. Without a `server` it is the default one of the registry. */
export interface TrustSettings {
  readonly server: string | undefined;
  readonly clientCertificate: ClientCertificate | undefined;
  readonly key: { readonly key: SigningKey; readonly isRootKey: boolean };
}

/** Reads content_trust. Throws a UserError that names the key that cannot be used, and quotes no secret. */
export function readTrustSettings(trust: ContentTrust): TrustSettings {
  return {
    server: serverHost(trust.server),
    clientCertificate: readClientCertificate(trust),
    key: readSigningKey(trust),
  };
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
    // The message of a parser may quote the key.
  }
  throw new UserError('content_trust.tls_cert and tls_key are not a certificate and its private key', {
    hint: 'set both as PEM files that belong together, the key without a passphrase, or set neither',
  });
}

function readSigningKey(trust: ContentTrust): { readonly key: SigningKey; readonly isRootKey: boolean } {
  if (trust.repositoryKey === '') {
    throw new UserError('content_trust.repository_key is missing', {
      hint: 'set it to the PEM file of the private key to sign with, or remove content_trust to publish without a signature',
    });
  }
  const { key, role } = readRepositoryKey(trust);
  const signer = signingKey(key);
  if (trust.repositoryKeyId !== '' && trust.repositoryKeyId !== signer.id) {
    throw new UserError('content_trust.repository_key_id is not the id of repository_key', {
      hint: `the id of this key is ${signer.id}: write that, or leave repository_key_id out`,
    });
  }
  return { key: signer, isRootKey: role === 'root' };
}

function readRepositoryKey({ repositoryKey, repositoryPassphrase }: ContentTrust): PrivateKeyFile {
  try {
    return readPrivateKey(repositoryKey, repositoryPassphrase);
  } catch (cause) {
    throw new UserError('content_trust.repository_key cannot be used', { cause });
  }
}
