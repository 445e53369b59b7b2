// The types of attestations: the short names that cosign has for them, and the URIs that stand in statements.
import { UserError } from '../errors.ts';
import { nearestKey } from '../policy/nearest-key.ts';

/** The type of free text, which is signed together with the time. */
export const customPredicate = 'https://cosign.sigstore.dev/attestation/v1';

/** The short names of cosign (`--type` of `cosign attest`), and what they stand for. */
export const predicateTypes: Readonly<Record<string, string>> = {
  custom: customPredicate,
  cyclonedx: 'https://cyclonedx.org/bom',
  link: 'https://in-toto.io/Link/v1',
  openvex: 'https://openvex.dev/ns',
  slsaprovenance: 'https://slsa.dev/provenance/v0.2',
  slsaprovenance02: 'https://slsa.dev/provenance/v0.2',
  slsaprovenance1: 'https://slsa.dev/provenance/v1',
  spdx: 'https://spdx.dev/Document',
  spdxjson: 'https://spdx.dev/Document',
  vuln: 'https://cosign.sigstore.dev/attestation/vuln/v1',
};

/**
 * The URI of a type, which is a short name or a URI itself. Throws a UserError that begins with `where` for anything else; its
 * hint knows the names in `others`, too.
 */
export function readPredicateType(text: string, where: string, others: readonly string[] = []): string {
  const known = Object.hasOwn(predicateTypes, text) ? predicateTypes[text] : undefined;
  const uri = known ?? (/^[a-z][a-z0-9+.-]*:[^\s]+$/i.test(text) ? text : undefined);
  if (uri === undefined) {
    const names = [...others, ...Object.keys(predicateTypes)];
    const nearest = nearestKey(text, names);
    throw new UserError(`${where} is no type of an attestation: ${JSON.stringify(text)}`, {
      hint:
        nearest === undefined
          ? `write one of ${names.join(', ')}, or the URI of another type`
          : `did you mean ${nearest}?`,
    });
  }
  return uri;
}
