// What `verify` of a source requires of an image: keys, how many of them, signed annotations, and what else happens.
import { UserError } from '../errors.ts';
import type { Digest } from '../oci/digest.ts';
import { nearestKey } from '../policy/nearest-key.ts';
import { type PublicKey, readPublicKey } from './public-key.ts';
import type { SignatureRequirements } from './verify-signature.ts';

/** `verify` as configured; empty strings and lists are unset. */
export interface VerifySettings {
  /** Public keys in PEM. */
  readonly keys: readonly string[];
  readonly threshold: string;
  readonly mode: string;
  readonly annotations: Readonly<Record<string, string>>;
}

/** `verify` after it was checked. */
export interface VerificationPolicy extends SignatureRequirements {
  /** How many different keys must have signed an image. */
  readonly threshold: number;
  /** Whether an image that is not verified is an error, or a warning. */
  readonly mode: 'require' | 'warn';
}

/**
 * Reads `verify` without any request. Throws a UserError that begins with `where` for a key that cannot be used, and as
 * {@link verificationPolicy} does.
 */
export function readVerificationPolicy(settings: VerifySettings, where: string): VerificationPolicy {
  const keys = settings.keys.map((pem, position) => readPublicKey(pem, `${where}.keys[${position}]`));
  return verificationPolicy(keys, settings, where);
}

/**
 * The policy for keys that were read; a key that is listed twice is one key. Throws a UserError that begins with `where` when
 * there is none, for an unknown mode, and for a threshold that the keys cannot reach.
 */
export function verificationPolicy(
  read: readonly PublicKey[],
  settings: Omit<VerifySettings, 'keys'>,
  where: string,
): VerificationPolicy {
  const keys = [...new Map<Digest, PublicKey>(read.map((key) => [key.id, key])).values()];
  if (keys.length === 0) {
    throw new UserError(`${where} has no keys`, {
      hint: 'list the public keys (PEM) of those whose signatures count; without one nothing can be verified',
    });
  }
  return {
    keys,
    threshold: readThreshold(settings.threshold, keys.length, where),
    mode: readMode(settings.mode, where),
    annotations: settings.annotations,
  };
}

function readThreshold(text: string, keys: number, where: string): number {
  const threshold = text === '' ? 1 : Number(text);
  if (!/^\d*$/.test(text) || threshold < 1) {
    throw new UserError(`${where}.threshold is not a number of keys: ${JSON.stringify(text)}`);
  }
  if (threshold > keys) {
    throw new UserError(`${where}.threshold is ${threshold}, but there are only ${keys} different keys`, {
      hint: 'no image could be verified: list more keys, or lower the threshold',
    });
  }
  return threshold;
}

function readMode(text: string, where: string): VerificationPolicy['mode'] {
  if (text === '' || text === 'require' || text === 'warn') {
    return text === '' ? 'require' : text;
  }
  const nearest = nearestKey(text, ['require', 'warn']);
  throw new UserError(
    `${where}.mode is require or warn, not ${JSON.stringify(text)}`,
    nearest === undefined ? {} : { hint: `did you mean ${nearest}?` },
  );
}
