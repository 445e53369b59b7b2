// What `require_predicates` requires: an attestation of a type, and of a provenance who has built the image from what.
import { UserError } from '../errors.ts';
import { compileWholePattern } from '../policy/pattern.ts';
import { quote } from '../policy/quote.ts';
import { readPredicateType } from './predicate-type.ts';
import { provenanceOf } from './provenance.ts';

/** An entry of `require_predicates` as configured; empty strings are unset. */
export interface PredicateSettings {
  readonly type: string;
  /** RE2; each has to match the whole of what a provenance claims. */
  readonly builderRegexp: string;
  readonly sourceRegexp: string;
}

/** A type of attestations that is required. */
export interface RequiredPredicate {
  /** The type as it was given. */
  readonly type: string;
  isType(predicateType: string): boolean;
  /** Throws a UserError for a predicate that claims something else than is required. */
  check(predicate: unknown): void;
}

const provenance = 'https://slsa.dev/provenance';

/** Names for several types, beside those of cosign. */
const families: Readonly<Record<string, readonly string[]>> = {
  provenance: [provenance],
  sbom: ['https://spdx.dev/Document', 'https://cyclonedx.org/bom'],
};

/** Checks an entry of `require_predicates`. Throws a UserError that begins with `where`. */
export function readRequiredPredicate(settings: PredicateSettings, where: string): RequiredPredicate {
  const { type, builderRegexp, sourceRegexp } = settings;
  const types = (Object.hasOwn(families, type) ? families[type] : undefined) ?? [
    readPredicateType(type, `${where}.type`, Object.keys(families)),
  ];
  const isProvenance = types.every((each) => each.startsWith(provenance));
  if (!isProvenance && (builderRegexp !== '' || sourceRegexp !== '')) {
    throw new UserError(`${where} has builder_regexp or source_regexp, but ${type} is no provenance`, {
      hint: 'only a provenance claims who has built an image from what: use the type provenance',
    });
  }
  const checks = [
    claimCheck('builder', builderRegexp, `${where}.builder_regexp`),
    claimCheck('source', sourceRegexp, `${where}.source_regexp`),
  ];
  return {
    type,
    isType: (predicateType) => types.some((each) => isVersionOf(predicateType, each)),
    check(predicate) {
      for (const check of checks) {
        check(predicate);
      }
    },
  };
}

/** Some tools write the version of a format after its type: `https://spdx.dev/Document/v2.3`. */
function isVersionOf(predicateType: string, type: string): boolean {
  return (
    predicateType === type ||
    (predicateType.startsWith(`${type}/v`) && /^\d[\d.]*$/.test(predicateType.slice(type.length + 2)))
  );
}

function claimCheck(
  claim: 'builder' | 'source',
  regexp: string,
  where: string,
): (predicate: unknown) => void {
  if (regexp === '') {
    return () => {};
  }
  const pattern = compileWholePattern(regexp, where);
  return (predicate) => {
    const claimed = provenanceOf(predicate)[claim];
    if (claimed === undefined) {
      throw new UserError(`it does not say what its ${claim} is`);
    }
    if (!pattern.matches(claimed)) {
      throw new UserError(`its ${claim} is ${quote(claimed)}, which ${claim}_regexp does not match`);
    }
  };
}
