// What `sign` says: the key, the formats, and what is signed with the image.
import { UserError } from '../errors.ts';
import { nearestKey } from '../policy/nearest-key.ts';
import { type BundleSigner, keySigner } from './bundle-signer.ts';
import { secretsOfToken, type TokenEnvironment } from './identity-token.ts';
import { isKeyless, type KeylessNames, type RawKeylessSettings, readKeyless } from './keyless-settings.ts';
import type { KeylessSurroundings, Services } from './keyless-signer.ts';
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
  /** Instead of a key. */
  readonly keyless: RawKeylessSettings;
}

/** What a signer uses of its surroundings. */
export interface SignerSurroundings extends KeylessSurroundings {
  readonly environment: TokenEnvironment;
}

/** `sign` after its key was read. */
export interface Signer {
  readonly by: BundleSigner;
  /** The key of `by`, where it has one: legacy signatures need it. */
  readonly key: SigningKey | undefined;
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

/** Who signs, before anything is sent. */
export type Signatory = Pick<Signer, 'by' | 'key'>;

/** Reads `sign` without any request. Throws a UserError that names a setting below `where`, and quotes no secret. */
export async function readSigner(
  settings: SignSettings,
  where: string,
  services: Services,
  surroundings: SignerSurroundings,
): Promise<Signer> {
  const { key, password, keyless } = settings;
  if (isKeyless(keyless)) {
    if (key !== '') {
      throw new UserError(`${where}.key is set together with an identity`, {
        hint: 'sign with one of them: remove the key, or identity_token, fulcio_url, rekor_url and timestamp_url',
      });
    }
    const open = await keylessSignatory(keyless, putNames(where), surroundings);
    return signerWith(open(services), settings, where);
  }
  if (key === '') {
    throw new UserError(`${where}.key is missing`, {
      hint: 'set it to the private key (PEM) to sign with, or fulcio_url to sign without one; without sign nothing is signed',
    });
  }
  return signerWith(keySignatory(await readSigningKey(key, password, `${where}.key`)), settings, where);
}

/** A key as the one who signs. */
export function keySignatory(key: SigningKey): Signatory {
  return { by: keySigner(key), key };
}

/** An identity as the one who signs, once services can be reached. Sends no request. Throws as {@link readKeyless} does. */
export async function keylessSignatory(
  settings: RawKeylessSettings,
  names: KeylessNames,
  surroundings: SignerSurroundings,
): Promise<(services: Services) => Signatory> {
  const { environment, now, addSecret } = surroundings;
  const keyless = readKeyless(settings, names, environment, now());
  secretsOfToken(keyless.source).forEach(addSecret);
  // Only who signs without a key loads it.
  const { keylessSigner } = await import('./keyless-signer.ts');
  return (services) => ({ by: keylessSigner(keyless, services, surroundings), key: undefined });
}

function putNames(where: string): KeylessNames {
  return {
    identityToken: `${where}.identity_token`,
    fulcioUrl: `${where}.fulcio_url`,
    rekorUrl: `${where}.rekor_url`,
    timestampUrl: `${where}.timestamp_url`,
  };
}

/** The signer of images. Throws as {@link readFormats} does. */
export function signerWith(
  signatory: Signatory,
  { format, annotations, recursive }: Pick<SignSettings, 'format' | 'annotations' | 'recursive'>,
  where: string,
): Signer {
  const read = readFormats(format, signatory.key !== undefined, where);
  return { ...signatory, formats: read, annotations, recursive };
}

/** The formats that a setting names. Throws a UserError that begins with `where` for an unknown one, and for one that needs a key. */
export function readFormats(format: string, hasKey: boolean, where: string): readonly SignatureFormat[] {
  const name = format || 'bundle';
  const chosen = Object.hasOwn(formats, name) ? formats[name] : undefined;
  if (!chosen) {
    const nearest = nearestKey(format, Object.keys(formats));
    throw new UserError(
      `${where}.format is bundle, legacy or both, not ${JSON.stringify(format)}`,
      nearest === undefined ? {} : { hint: `did you mean ${nearest}?` },
    );
  }
  if (!hasKey && chosen.includes('legacy')) {
    throw new UserError(`${where}.format ${name} needs a key: without one only bundles are made`);
  }
  return chosen;
}
