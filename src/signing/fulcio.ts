// Certificates of Fulcio: for a new key, and whoever an identity token names (Fulcio, API v2, `signingCert`).
import { createPublicKey, generateKeyPairSync, type KeyObject, sign, X509Certificate } from 'node:crypto';
import { UserError } from '../errors.ts';
import { maximumErrorBody } from '../limits.ts';
import { isJsonObject } from '../oci/json.ts';
import type { IdentityToken } from './identity-token.ts';
import { jsonBody, type ServiceAccess, serviceJson } from './service-request.ts';

/** A certificate that is valid for minutes, and the private key for it, which only this process has. */
export interface CertifiedKey {
  readonly privateKey: KeyObject;
  readonly certificate: X509Certificate;
  /** The certificate whose key has signed it. */
  readonly authority: X509Certificate;
}

/** A certificate for a new key. Throws a UserError that says what Fulcio answered. */
export async function certifiedKey(
  url: string,
  { token, subject }: IdentityToken,
  access: ServiceAccess,
): Promise<CertifiedKey> {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const content = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const proof = sign('sha256', Buffer.from(subject), privateKey);
  let answer: unknown;
  try {
    const body = jsonBody({
      credentials: { oidcIdentityToken: token },
      publicKeyRequest: {
        publicKey: { algorithm: 'ECDSA', content },
        proofOfPossession: proof.toString('base64'),
      },
    });
    answer = await serviceJson(access, {
      method: 'POST',
      url: `${url}/api/v2/signingCert`,
      ...body,
      expect: [200, 201],
      limit: maximumErrorBody,
    });
  } catch (cause) {
    throw new UserError('Fulcio has issued no certificate', {
      cause,
      hint: 'check that it trusts the issuer of the identity token, and that the token has the audience sigstore',
    });
  }
  const [certificate, authority] = chainIn(answer);
  const own = publicKey.export({ type: 'spki', format: 'der' });
  const certified =
    certificate && createPublicKey(certificate.toString()).export({ type: 'spki', format: 'der' });
  if (!certificate || !authority || !certified?.equals(own)) {
    throw new UserError('Fulcio answered with no certificate for the key that it was asked for');
  }
  return { privateKey, certificate, authority };
}

/** The certificates of an answer, that of the key first. */
function chainIn(answer: unknown): readonly X509Certificate[] {
  const { signedCertificateEmbeddedSct: embedded, signedCertificateDetachedSct: detached } = isJsonObject(
    answer,
  )
    ? answer
    : {};
  const signed = embedded ?? detached;
  const chain = isJsonObject(signed) ? signed.chain : undefined;
  const certificates = isJsonObject(chain) ? chain.certificates : undefined;
  const texts = Array.isArray(certificates) ? certificates : [];
  return texts.flatMap((pem: unknown) => {
    try {
      return typeof pem === 'string' ? [new X509Certificate(pem)] : [];
    } catch {
      return [];
    }
  });
}
