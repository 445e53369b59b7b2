// The `verify` object of a source: whose signatures an image must have before it is used.
import type { ObjectReader } from './decode.ts';

/** Whose certificates count: an entry of `identities`. */
export interface VerifyIdentity {
  readonly issuer: string;
  readonly subject: string;
  readonly subjectRegexp: string;
}

/** A type of attestations that an image must have: an entry of `require_predicates`. */
export interface VerifyPredicate {
  readonly type: string;
  readonly builderRegexp: string;
  readonly sourceRegexp: string;
}

/** `verify` as configured; it is checked where images are verified, before any request. */
export interface SourceVerify {
  readonly keys: readonly string[];
  readonly identities: readonly VerifyIdentity[];
  readonly trustedRoot: string;
  readonly threshold: string;
  readonly mode: string;
  readonly annotations: Readonly<Record<string, string>>;
  readonly minAge: string;
  readonly requirePredicates: readonly VerifyPredicate[];
  /** Whether a check leaves out versions that are not verified. */
  readonly check: boolean;
}

/** A warning when `trusted_root` has no effect. */
export function verifyWarnings(verify: SourceVerify | undefined): string[] {
  return verify && verify.trustedRoot !== '' && verify.identities.length === 0 && verify.minAge === ''
    ? ['source.verify.trusted_root has no effect without identities and min_age']
    : [];
}

/** A warning when `check` has no effect. */
export function checkVerifyWarnings(verify: SourceVerify | undefined): string[] {
  return verify?.check && verify.mode === 'warn'
    ? ['source.verify.check has no effect with "mode: warn": no version is left out']
    : [];
}

/** Decodes a `verify` object. */
export function readSourceVerify(object: ObjectReader): SourceVerify {
  return {
    keys: object.strings('keys'),
    identities: object.objects('identities', readIdentity, (subject) => ({
      issuer: '',
      subject,
      subjectRegexp: '',
    })),
    trustedRoot: object.stringOrObject('trusted_root'),
    threshold: object.scalar('threshold'),
    mode: object.string('mode'),
    annotations: object.stringMap('annotations'),
    minAge: object.string('min_age'),
    requirePredicates: object.objects('require_predicates', readPredicate, (type) => ({
      type,
      builderRegexp: '',
      sourceRegexp: '',
    })),
    check: object.boolean('check'),
  };
}

function readIdentity(object: ObjectReader): VerifyIdentity {
  return {
    issuer: object.string('issuer'),
    subject: object.string('subject'),
    subjectRegexp: object.string('subject_regexp'),
  };
}

function readPredicate(object: ObjectReader): VerifyPredicate {
  return {
    type: object.string('type'),
    builderRegexp: object.string('builder_regexp'),
    sourceRegexp: object.string('source_regexp'),
  };
}
