// Repository names: parsing by go-containerregistry's rules, and the canonical form of references with tag or digest.
import { UserError, type UserErrorOptions } from '../errors.ts';
import type { Digest } from './digest.ts';

/** A repository on a registry, with the implied `library/` of Docker Hub. */
export interface RepositoryReference {
  /** Host and port as written, for example `index.docker.io` or `127.0.0.1:5000`. */
  readonly registry: string;
  /** The path without the registry, for example `library/busybox`. */
  readonly path: string;
}

/** The registry of a name without a registry. */
export const dockerHub = 'index.docker.io';

const pathCharacters = /^[a-z0-9_\-./]*$/;

/**
 * Parses a repository name by go-containerregistry's rules: a first part that is `localhost` or has a `.` or `:` is the
 * registry; any other name is a repository on Docker Hub. Throws a UserError that states the violated rule.
 */
export function parseRepository(name: string): RepositoryReference {
  if (name === '') {
    throw new UserError('a repository name must be specified', { code: 'REPOSITORY_EMPTY' });
  }
  const slash = name.indexOf('/');
  const first = name.slice(0, Math.max(slash, 0));
  const hasRegistry = slash >= 0 && (first === 'localhost' || /[.:]/.test(first));
  const path = hasRegistry ? name.slice(slash + 1) : name;
  const shownPath = name === withoutUserInfo(name) ? path : withoutUserInfo(name);
  const length = Buffer.byteLength(path);
  if (!pathCharacters.test(path)) {
    throw new UserError(
      `repository can only contain the characters \`abcdefghijklmnopqrstuvwxyz0123456789_-./\`: ${shownPath}`,
      characterFault(name, path),
    );
  }
  if (length < 2 || length > 255) {
    throw new UserError(`repository must be between 2 and 255 characters in length: ${shownPath}`, {
      hint: 'write the whole name, for example "registry.example.com/team/app"',
    });
  }
  if (hasRegistry && !isAuthority(first)) {
    throw new UserError(
      `registries must be valid RFC 3986 URI authorities: ${withoutUserInfo(first)}`,
      first.includes('@')
        ? { code: 'REPOSITORY_WITH_USER' }
        : { hint: 'write the registry as host or host:port, without a scheme, user or path' },
    );
  }
  const registry = hasRegistry && first !== 'docker.io' ? first : dockerHub;
  return { registry, path: registry === dockerHub && !path.includes('/') ? `library/${path}` : path };
}

/**
 * Refuses names that the grammar accepts but no registry can have, before they fail as a network error that says
 * little: a URL, a relative path, a port without a host, empty parts. Throws a UserError.
 */
export function checkAddressable(repository: RepositoryReference, name: string): void {
  const { registry, path } = repository;
  const shown = JSON.stringify(withoutUserInfo(name));
  if (/^https?:$/.test(registry) || isUrl(name)) {
    throw new UserError(`${shown} is a URL, not a repository name`, urlFault(name));
  }
  if (/^\.*(:\d*)?$/.test(registry)) {
    throw new UserError(`${shown} names no registry host before the first "/"`);
  }
  if (path.split('/').some((part) => part === '' || part === '.' || part === '..')) {
    throw new UserError(`${shown} has an empty, "." or ".." part`);
  }
}

/** The canonical name of a repository: `registry/path`. */
export function repositoryName({ registry, path }: RepositoryReference): string {
  return `${registry}/${path}`;
}

/** The canonical reference of a tag: `registry/path:tag`. */
export function tagReference(repository: RepositoryReference, tag: string): string {
  return `${repositoryName(repository)}:${tag}`;
}

/** The canonical reference of a digest: `registry/path@sha256:…`. */
export function digestReference(repository: RepositoryReference, digest: Digest): string {
  return `${repositoryName(repository)}@${digest}`;
}

function isAuthority(authority: string): boolean {
  if (/[\s/?#@%\\"<>^`{|}\u0000-\u001f\u007f]/.test(authority)) {
    return false;
  }
  const bracketed = /^\[([^\]]*)\](:\d*)?$/.exec(authority);
  if (bracketed) {
    return (bracketed[1] ?? '').includes(':');
  }
  return /^[^[\]]*$/.test(authority) && /^(.*:)?\d*$|^[^:]*$/.test(authority);
}

function characterFault(name: string, path: string): UserErrorOptions {
  if (isUrl(name)) {
    return urlFault(name);
  }
  if (name !== withoutUserInfo(name)) {
    return { code: 'REPOSITORY_WITH_USER' };
  }
  if (/^(localhost|[^/:@]+\.[^/:@]+):\d+$/.test(name)) {
    return { code: 'REPOSITORY_WITHOUT_PATH', facts: { suggestion: `${name}/team/app` } };
  }
  if (/[:@]/.test(path)) {
    return { code: 'REPOSITORY_WITH_TAG' };
  }
  const lower = path.toLowerCase();
  return {
    hint:
      lower !== path && pathCharacters.test(lower)
        ? `repository names are lower-case: ${name.slice(0, name.length - path.length)}${lower}`
        : 'remove what a name cannot have, white space too, or check the variable that it came from',
  };
}

const scheme = /^[a-z][a-z0-9+.-]*:\/+/i;

function isUrl(name: string): boolean {
  return scheme.test(name);
}

function urlFault(name: string): UserErrorOptions {
  return name === withoutUserInfo(name)
    ? { code: 'REPOSITORY_URL', facts: { suggestion: name.replace(scheme, '') } }
    : { code: 'REPOSITORY_WITH_USER' };
}

/**
 * A name for messages, without the user and the password that are in front of a registry by mistake. What stands before
 * an `@` is taken for them, unless a digest follows it.
 */
export function withoutUserInfo(name: string): string {
  return name.replace(/^([a-z][a-z0-9+.-]*:\/+)?(?:[^/:@]*:.*|[^/@]*)@(?!sha\d+:)/is, '$1xxxxx@');
}
