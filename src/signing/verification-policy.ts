// What `verify` of a source requires of an image: whose signatures, how many, how old, with what; and what else happens.
import { UserError } from '../errors.ts';
import type { Digest } from '../oci/digest.ts';
import { parseDuration } from '../policy/duration.ts';
import { nearestKey } from '../policy/nearest-key.ts';
import { type Identity, type IdentitySettings, readIdentity } from './identity.ts';
import { type PublicKey, readPublicKey } from './public-key.ts';
import {
  type PredicateSettings,
  type RequiredPredicate,
  readRequiredPredicate,
} from './required-predicate.ts';
import { openTrustedRoot, type TrustedRoot } from './trusted-root.ts';
import type { SignatureRequirements } from './verify-signature.ts';

/** `verify` as configured; empty strings and lists are unset. */
export interface VerifySettings {
  /** Public keys in PEM. */
  readonly keys: readonly string[];
  readonly identities: readonly IdentitySettings[];
  /** A document, or the absolute path of one. */
  readonly trustedRoot: string;
  readonly threshold: string;
  readonly minAge: string;
  readonly requirePredicates: readonly PredicateSettings[];
  readonly mode: string;
  readonly annotations: Readonly<Record<string, string>>;
}

/** `verify` after it was checked. */
export interface VerificationPolicy extends Omit<SignatureRequirements, 'signedBefore'> {
  /** How many different keys and identities must have signed an image. */
  readonly threshold: number;
  /** How long ago a signature must have been made, in milliseconds. */
  readonly minAge?: number | undefined;
  /** Of which types there must be attestations. */
  readonly predicates?: readonly RequiredPredicate[];
  /** Whether an image that is not verified is an error, or a warning. */
  readonly mode: 'require' | 'warn';
}

/**
 * Reads `verify` without any request. Throws a UserError that begins with `where` for a key that cannot be used, and as
 * {@link verificationPolicy} does.
 */
export async function readVerificationPolicy(
  settings: VerifySettings,
  where: string,
): Promise<VerificationPolicy> {
  const keys = settings.keys.map((pem, position) => readPublicKey(pem, `${where}.keys[${position}]`));
  return await verificationPolicy(keys, settings, where);
}

/**
 * The policy for keys that were read; a key or an identity that is listed twice is one. Throws a UserError that begins with `where` when
 * nobody is trusted, for an unknown mode, for a threshold that cannot be reached, and for a trusted root that is missing or
 * cannot be used.
 */
export async function verificationPolicy(
  read: readonly PublicKey[],
  settings: Omit<VerifySettings, 'keys'>,
  where: string,
): Promise<VerificationPolicy> {
  const keys = [...new Map<Digest, PublicKey>(read.map((key) => [key.id, key])).values()];
  const identities = settings.identities
    .map((each, position) => readIdentity(each, `${where}.identities[${position}]`))
    .filter((_, position) => position === firstLike(settings.identities, position));
  if (keys.length === 0 && identities.length === 0) {
    throw new UserError(`${where} has no keys and no identities`, {
      hint: 'list the public keys (PEM) of those whose signatures count; without one nothing can be verified',
    });
  }
  const policy = {
    keys,
    identities,
    threshold: readThreshold(settings.threshold, keys.length, identities.length, where),
    mode: readMode(settings.mode, where),
    minAge: settings.minAge === '' ? undefined : parseDuration(settings.minAge, `${where}.min_age`),
    annotations: settings.annotations,
    predicates: settings.requirePredicates.map((each, position) =>
      readRequiredPredicate(each, `${where}.require_predicates[${position}]`),
    ),
  };
  return { ...policy, root: await readRoot(settings.trustedRoot, policy, where) };
}

/** The position of the first identity that is the same: it would count for all of them, and a threshold would not be reached. */
function firstLike(identities: readonly IdentitySettings[], position: number): number {
  const { issuer, subject, subjectRegexp } = identities[position] ?? {};
  return identities.findIndex(
    (each) => each.issuer === issuer && each.subject === subject && each.subjectRegexp === subjectRegexp,
  );
}

/** A root that is not needed is read all the same: it tells the times of signatures by keys. */
async function readRoot(
  trustedRoot: string,
  { identities, minAge }: { readonly identities: readonly Identity[]; readonly minAge: number | undefined },
  where: string,
): Promise<TrustedRoot | undefined> {
  if (trustedRoot !== '') {
    return await openTrustedRoot(trustedRoot, `${where}.trusted_root`);
  }
  if (identities.length > 0) {
    throw new UserError(`${where} has identities, but no trusted_root`, {
      hint: 'it names the authorities that certify them: the trusted_root.json of your deployment of sigstore',
    });
  }
  if (minAge !== undefined) {
    throw new UserError(`${where} has min_age, but no trusted_root`, {
      hint: 'a signature by a key alone says nothing of its time: the logs and timestamp authorities of a trusted root do',
    });
  }
  return undefined;
}

function readThreshold(text: string, keys: number, identities: number, where: string): number {
  const threshold = text === '' ? 1 : Number(text);
  if (!/^\d*$/.test(text) || threshold < 1) {
    throw new UserError(`${where}.threshold is not a number of keys: ${JSON.stringify(text)}`);
  }
  if (threshold > keys + identities) {
    const listed = identities === 0 ? `${keys} different keys` : `${keys + identities} keys and identities`;
    throw new UserError(`${where}.threshold is ${threshold}, but there are only ${listed}`, {
      hint: 'no image could be verified: list more of them, or lower the threshold',
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
