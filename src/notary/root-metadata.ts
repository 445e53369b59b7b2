// The root of a collection: the keys of each role, trusted on first use and verified through rotations.
import { isJsonObject } from '../oci/json.ts';
import {
  type MetadataRules,
  readSigningRole,
  type SignedMetadata,
  type SigningRole,
  untrusted,
  verifyMetadata,
  verifySignatures,
} from './signed-metadata.ts';
import { certificateOf } from './trust-key.ts';

/** The roles that every collection has. */
export type BaseRole = 'root' | 'targets' | 'snapshot' | 'timestamp';

/** The keys and the threshold of a role in a root. Throws a UserError when they are malformed. */
export function baseRole({ signed }: SignedMetadata, role: BaseRole): SigningRole {
  const roles = isJsonObject(signed.roles) ? signed.roles : {};
  return readSigningRole(roles[role], signed.keys, `root (role ${role})`);
}

/**
 * Verifies a root: it must be signed by its own keys, each of which must be a valid certificate named after the
 * collection, and by the keys of the root that was trusted before, if there is one. Throws a UserError. As Notary's
 * trustpinning.ValidateRoot without pinned certificates.
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
    throw untrusted('root', `none of its certificates is valid and named ${gun}`);
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

/** Whether the common name is the collection, or a prefix of it that ends in `*`. */
function isNamedAfter(subject: string, gun: string): boolean {
  const line = subject.split('\n').find((part) => part.startsWith('CN='));
  const name = line?.slice('CN='.length).replace(/\\(.)/g, '$1') ?? '';
  return name.endsWith('*') ? gun.startsWith(name.replace(/\*+$/, '')) : name === gun;
}
