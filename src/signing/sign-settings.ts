// What `sign` says: the key, the formats, and what is signed with the image.
import { UserError } from '../errors.ts';
import { nearestKey } from '../policy/nearest-key.ts';
import { type BundleSigner, keySigner } from './bundle-signer.ts';
import type { SignedAnnotations } from './make-signature.ts';
import { readSigningKey, type SigningKey } from './private-key.ts';
import type { SignatureFormat } from './verify-signature.ts';

/** `sign` as configured; empty strings are unset. */
export interface SignSettings {
  /** A private key in PEM. */
  readonly key: string;
  readonly password: string;
  readonly format: string;
  readonly annotations: SignedAnnotations;
  readonly recursive: boolean;
}

/** `sign` after its key was read. */
export interface Signer {
  readonly by: BundleSigner;
  /** The key of `by`, for legacy signatures. */
  readonly key: SigningKey;
  readonly formats: readonly SignatureFormat[];
  readonly annotations: SignedAnnotations;
  /** Whether everything that an index lists is signed too. */
  readonly recursive: boolean;
}

const formats: Readonly<Record<string, readonly SignatureFormat[]>> = {
  bundle: ['bundle'],
  legacy: ['legacy'],
  both: ['bundle', 'legacy'],
};

/** Reads `sign` without any request. Throws a UserError that begins with `where` and quotes no secret. */
export async function readSigner(settings: SignSettings, where: string): Promise<Signer> {
  const { key, password } = settings;
  if (key === '') {
    throw new UserError(`${where}.key is missing`, {
      hint: 'set it to the private key (PEM) to sign with, or remove sign to publish without a signature',
    });
  }
  return signerWith(await readSigningKey(key, password, `${where}.key`), settings, where);
}

/** The signer for a key that was read. Throws a UserError that begins with `where` for an unknown format. */
export function signerWith(
  key: SigningKey,
  { format, annotations, recursive }: Omit<SignSettings, 'key' | 'password'>,
  where: string,
): Signer {
  const name = format || 'bundle';
  const chosen = Object.hasOwn(formats, name) ? formats[name] : undefined;
  if (!chosen) {
    const nearest = nearestKey(format, Object.keys(formats));
    throw new UserError(
      `${where}.format is bundle, legacy or both, not ${JSON.stringify(format)}`,
      nearest === undefined ? {} : { hint: `did you mean ${nearest}?` },
    );
  }
  return { by: keySigner(key), key, formats: chosen, annotations, recursive };
}
