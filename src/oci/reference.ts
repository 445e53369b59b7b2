// Names: which registry and repository a text means, and how tags and digests are written behind it.
import { UserError, type UserErrorOptions } from '../errors.ts';
import type { Digest } from './digest.ts';

/** A repository on a registry, as it is addressed (Docker Hub's implied `library/` included). */
export interface RepositoryReference {
  /** Host and port as written, for example `index.docker.io` or `127.0.0.1:5000`. */
  readonly registry: string;
  /** The repository without its registry, for example `library/busybox`. */
  readonly path: string;
}

/** Where a repository without a registry lies. */
export const dockerHub = 'index.docker.io';

const pathCharacters = /^[a-z0-9_\-./]*$/;

/**
 * The repository that a text names, by go-containerregistry's rules: a first part with `.` or `:`, or `localhost`,
 * is the registry; everything else lies on Docker Hub. Throws a UserError that names the rule broken.
 */
export function parseRepository(text: string): RepositoryReference {
  if (text === '') {
    throw new UserError('a repository name must be specified', { code: 'REPOSITORY_EMPTY' });
  }
  const slash = text.indexOf('/');
  const first = text.slice(0, Math.max(slash, 0));
  const named = slash >= 0 && (first === 'localhost' || /[.:]/.test(first));
  const path = named ? text.slice(slash + 1) : text;
  const length = Buffer.byteLength(path);
  if (!pathCharacters.test(path)) {
    throw new UserError(
      `repository can only contain the characters \`abcdefghijklmnopqrstuvwxyz0123456789_-./\`: ${path}`,
      characterFault(text, path),
    );
  }
  if (length < 2 || length > 255) {
    throw new UserError(`repository must be between 2 and 255 characters in length: ${path}`, {
      hint: 'write the whole name, for example "registry.example.com/team/app"',
    });
  }
  if (named && !isAuthority(first)) {
    throw new UserError(`registries must be valid RFC 3986 URI authorities: ${withoutUserInfo(first)}`, {
      hint: 'write the registry as host or host:port, without a scheme, user or path',
    });
  }
  const registry = named && first !== 'docker.io' ? first : dockerHub;
  return { registry, path: registry === dockerHub && !path.includes('/') ? `library/${path}` : path };
}

/**
 * Refuses names that the grammar lets through but that no registry can have, before they fail as a
 * puzzling network error: a URL instead of a name, a relative path, a port without a host, empty parts.
 */
export function checkAddressable(repository: RepositoryReference, text: string): void {
  const { registry, path } = repository;
  if (/^https?:$/.test(registry)) {
    throw new UserError(`${JSON.stringify(text)} is a URL, not a repository name`, {
      code: 'REPOSITORY_URL',
    });
  }
  if (/^\.*(:\d*)?$/.test(registry)) {
    throw new UserError(`${JSON.stringify(text)} names no registry host before the first "/"`);
  }
  if (path.split('/').some((part) => part === '' || part === '.' || part === '..')) {
    throw new UserError(`${JSON.stringify(text)} has an empty, "." or ".." part`);
  }
}

/** `registry/path`: the canonical text of a repository. */
export function repositoryName({ registry, path }: RepositoryReference): string {
  return `${registry}/${path}`;
}

/** The canonical text of a tag in a repository. */
export function tagReference(repository: RepositoryReference, tag: string): string {
  return `${repositoryName(repository)}:${tag}`;
}

/** The canonical text of a digest in a repository. */
export function digestReference(repository: RepositoryReference, digest: Digest): string {
  return `${repositoryName(repository)}@${digest}`;
}

function isAuthority(text: string): boolean {
  if (/[\s/?#@%\\"<>^`{|}\u0000-\u001f\u007f]/.test(text)) {
    return false;
  }
  const bracketed = /^\[([^\]]*)\](:\d*)?$/.exec(text);
  if (bracketed) {
    return (bracketed[1] ?? '').includes(':');
  }
  return /^[^[\]]*$/.test(text) && /^(.*:)?\d*$|^[^:]*$/.test(text);
}

function characterFault(text: string, path: string): UserErrorOptions {
  if (/[:@]/.test(path)) {
    return { code: 'REPOSITORY_WITH_TAG' };
  }
  const lower = path.toLowerCase();
  return {
    hint:
      lower !== path && pathCharacters.test(lower)
        ? `repository names are lower-case: ${text.slice(0, text.length - path.length)}${lower}`
        : 'remove what a name cannot have, white space too, or check the variable that it came from',
  };
}

function withoutUserInfo(authority: string): string {
  return authority.replace(/:[^:@]*@/, ':xxxxx@');
}
