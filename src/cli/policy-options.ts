// Options of the commands that verify signatures: whose signatures count, and what else is required of them.
import { resolve } from 'node:path';
import { UserError } from '../errors.ts';
import type { IdentitySettings } from '../signing/identity.ts';
import { readPublicKey } from '../signing/public-key.ts';
import type { PredicateSettings } from '../signing/required-predicate.ts';
import { type VerificationPolicy, verificationPolicy } from '../signing/verification-policy.ts';
import { readAnnotations, readKeyFile } from './key-options.ts';

/** The options, by the names that cosign has for them where it has some. */
export interface PolicyOptions {
  /** Paths of public keys. */
  readonly key: readonly string[];
  readonly certificateIdentity: readonly string[];
  readonly certificateIdentityRegexp: readonly string[];
  /** The issuer of all identities. */
  readonly certificateOidcIssuer?: string;
  /** The path of a trusted root. */
  readonly trustedRoot?: string;
  readonly threshold?: string;
  readonly minAge?: string;
  /** Types of attestations. */
  readonly requirePredicate: readonly string[];
  readonly builderRegexp?: string;
  readonly sourceRegexp?: string;
  /** `name=value`. */
  readonly annotation: readonly string[];
}

/** What the options require; undefined without any. Throws a UserError for options that lack another one. */
export async function readPolicyOptions(options: PolicyOptions): Promise<VerificationPolicy | undefined> {
  const { key, threshold = '', minAge = '', trustedRoot = '', annotation } = options;
  refuseEmpty(options);
  const annotations = readAnnotations(annotation);
  const identities = identitiesOf(options);
  const given = [
    ...key,
    ...identities,
    threshold,
    minAge,
    trustedRoot,
    ...annotation,
    ...predicatesOf(options),
  ];
  if (given.every((each) => each === '')) {
    return undefined;
  }
  const files = await Promise.all(key.map(readKeyFile));
  return await verificationPolicy(
    files.map(({ pem, path }) => readPublicKey(pem, path)),
    {
      identities,
      trustedRoot: trustedRoot === '' ? '' : resolve(trustedRoot),
      threshold,
      minAge,
      requirePredicates: predicatesOf(options),
      mode: 'require',
      annotations,
    },
    'verify',
  );
}

/** Options that require something. Empty, as a variable that is not set leaves them, they would require nothing. */
const requirements = [
  ['threshold', '--threshold'],
  ['minAge', '--min-age'],
  ['trustedRoot', '--trusted-root'],
  ['builderRegexp', '--builder-regexp'],
  ['sourceRegexp', '--source-regexp'],
] as const;

function refuseEmpty(options: PolicyOptions): void {
  const empty = requirements.find(([name]) => options[name] === '');
  if (empty) {
    throw new UserError(`${empty[1]} is empty`, {
      hint: 'without the option nothing of this kind is required; a variable that is not set leaves it empty',
    });
  }
}

function identitiesOf({
  certificateIdentity,
  certificateIdentityRegexp,
  certificateOidcIssuer: issuer = '',
}: PolicyOptions): IdentitySettings[] {
  const identities = [
    ...certificateIdentity.map((subject) => ({ issuer, subject, subjectRegexp: '' })),
    ...certificateIdentityRegexp.map((subjectRegexp) => ({ issuer, subject: '', subjectRegexp })),
  ];
  return identities.length === 0 && issuer !== '' ? [{ issuer, subject: '', subjectRegexp: '' }] : identities;
}

/** Patterns are for the provenance among the types; with other types alone they are an error. */
function predicatesOf({
  requirePredicate,
  builderRegexp = '',
  sourceRegexp = '',
}: PolicyOptions): PredicateSettings[] {
  const hasPatterns = builderRegexp !== '' || sourceRegexp !== '';
  const types = requirePredicate.length === 0 && hasPatterns ? ['provenance'] : requirePredicate;
  const ofProvenance = types.filter((type) => /provenance/.test(type));
  return types.map((type) =>
    ofProvenance.length === 0 || ofProvenance.includes(type)
      ? { type, builderRegexp, sourceRegexp }
      : { type, builderRegexp: '', sourceRegexp: '' },
  );
}
