// The root of a collection: which keys stand for which role, trusted on first use and followed through rotations.
import { isJsonObject } from '../oci/json.ts';
import {
  invalid,
  type MetadataRules,
  readSigningRole,
  type SignedMetadata,
  type SigningRole,
  verifyMetadata,
  verifySignatures,
} from './signed-metadata.ts';
import { certificateOf } from './trust-key.ts';

/** The roles that every collection has. */
export type BaseRole = 'root' | 'targets' | 'snapshot' | 'timestamp';

/** Who signs for a role, as the root says. */
export function baseRole({ signed }: SignedMetadata, role: BaseRole): SigningRole {
  const roles = isJsonObject(signed.roles) ? signed.roles : {};
  return readSigningRole(roles[role], signed.keys, `root (role ${role})`);
}

/**
 * Checks a root: signed by its own keys, each of which must be a certificate named after the collection that is in
 * force; and by the keys of the root that was trusted before, if there is one. Throws a UserError. As Notary's
 * trustpinning.ValidateRoot does without pinned certificates.
 */
export function verifyRoot(
  root: SignedMetadata,
  gun: string,
  rules: Omit<MetadataRules, 'type'>,
  previous: SignedMetadata | undefined,
): void {
  const { keys, threshold } = baseRole(root, 'root');
  const named = [...keys].filter(([, key]) => {
    const certificate = certificateOf(key);
    return (
      certificate !== undefined &&
      isNamedAfter(certificate.subject, gun) &&
      Date.parse(certificate.validTo) > rules.now &&
      Date.parse(certificate.validFrom) < rules.now + day
    );
  });
  if (named.length === 0) {
    throw invalid('root', `none of its certificates is named ${gun} and in force`);
  }
  if (previous) {
    verifySignatures(root, 'root (by the keys trusted before)', baseRole(previous, 'root'));
  }
  verifyMetadata(root, 'root', { keys: new Map(named), threshold }, { ...rules, type: 'root' });
  for (const role of ['targets', 'snapshot', 'timestamp'] as const) {
    baseRole(root, role);
  }
}

const day = 24 * 60 * 60 * 1000;

/** The common name is the collection's, or a prefix of it that ends in `*`. */
function isNamedAfter(subject: string, gun: string): boolean {
  const line = subject.split('\n').find((part) => part.startsWith('CN='));
  const name = line?.slice('CN='.length).replace(/\\(.)/g, '$1') ?? '';
  return name.endsWith('*') ? gun.startsWith(name.replace(/\*+$/, '')) : name === gun;
}
