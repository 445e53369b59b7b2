// The `verify` object of a source: whose signatures an image must have before it is used.
import type { ObjectReader } from './decode.ts';

/** `verify` as configured; it is checked where images are verified, before any request. */
export interface SourceVerify {
  readonly keys: readonly string[];
  readonly threshold: string;
  readonly mode: string;
  readonly annotations: Readonly<Record<string, string>>;
  /** Whether a check leaves out versions that are not verified. */
  readonly check: boolean;
}

/** A warning when `check` has no effect. */
export function verifyWarnings(verify: SourceVerify | undefined): string[] {
  return verify?.check && verify.mode === 'warn'
    ? ['source.verify.check has no effect with "mode: warn": no version is left out']
    : [];
}

/** Decodes a `verify` object. */
export function readSourceVerify(object: ObjectReader): SourceVerify {
  return {
    keys: object.strings('keys'),
    threshold: object.scalar('threshold'),
    mode: object.string('mode'),
    annotations: object.stringMap('annotations'),
    check: object.boolean('check'),
  };
}
