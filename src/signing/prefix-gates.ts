// Which gate images of a repository have to pass: that of the longest prefix with one, by whole path segments.
import type { Digest } from '../oci/digest.ts';
import { dockerHub, type RepositoryReference, repositoryName } from '../oci/reference.ts';
import type { Session } from '../transport/session.ts';
import { type GateSurroundings, gateFor } from './gate.ts';
import type { VerificationPolicy } from './verification-policy.ts';

/** What is required of images below a prefix: `host`, `host:port`, or one of these with a path. */
export interface PrefixPolicy {
  readonly prefix: string;
  readonly policy: VerificationPolicy;
}

/**
 * Verifies an image of a repository; `session` may be one of another repository that has the image, too. Throws an
 * UnverifiedError, or what the registry said; does nothing where no policy applies.
 */
export type SourceGate = (session: Session, digest: Digest, repository: RepositoryReference) => Promise<void>;

/**
 * The policy for a repository. A longer prefix without one does not switch that of a shorter one off, and neither does another
 * way to write the same host.
 */
export function policyFor(
  repository: RepositoryReference,
  policies: readonly PrefixPolicy[],
): VerificationPolicy | undefined {
  const name = plainName(repositoryName(repository));
  return policies
    .map(({ prefix, policy }) => ({ prefix: plainName(prefix), policy }))
    .filter(({ prefix }) => name === prefix || name.startsWith(`${prefix}/`))
    .toSorted((a, b) => b.prefix.length - a.prefix.length)[0]?.policy;
}

/** A name or prefix with its host as a URL has it (lower case, no default port), and without a dot at its end. */
function plainName(name: string): string {
  const [registry = '', ...path] = name.split('/');
  const url = URL.parse(`https://${registry}`);
  const host = (url?.host ?? registry.toLowerCase()).replace(/:80$/, '').replace(/\.(?=:|$)/, '');
  return [dockerHubHosts.includes(host) ? dockerHub : host, ...path].join('/');
}

const dockerHubHosts: readonly string[] = ['docker.io', 'registry-1.docker.io'];

/** A gate for the sources of copies. */
export function prefixGate(policies: readonly PrefixPolicy[], surroundings: GateSurroundings): SourceGate {
  return async (session, digest, repository) => {
    const policy = policyFor(repository, policies);
    if (policy) {
      const gate = gateFor(policy, surroundings);
      await gate.settle(() => gate.verify(session, digest, repository));
    }
  };
}
