// Names: which registry and repository a text means, and how tags and digests are written behind it.
import { UserError } from '../errors.ts';
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
    throw new UserError('a repository name must be specified', {
      hint: 'set source.repository, for example "registry.example.com/team/app"',
    });
  }
  const slash = text.indexOf('/');
  const first = text.slice(0, Math.max(slash, 0));
  const named = slash >= 0 && (first === 'localhost' || /[.:]/.test(first));
  const path = named ? text.slice(slash + 1) : text;
  const length = Buffer.byteLength(path);
  if (!pathCharacters.test(path)) {
    throw new UserError(
      `repository can only contain the characters \`abcdefghijklmnopqrstuvwxyz0123456789_-./\`: ${path}`,
      { hint: pathHint(text, path) },
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
      hint: 'leave out the scheme; for a registry without TLS set "insecure: true"',
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
export function repositoryText({ registry, path }: RepositoryReference): string {
  return `${registry}/${path}`;
}

/** The canonical text of a tag in a repository. */
export function tagText(repository: RepositoryReference, tag: string): string {
  return `${repositoryText(repository)}:${tag}`;
}

/** The canonical text of a digest in a repository. */
export function digestText(repository: RepositoryReference, digest: Digest): string {
  return `${repositoryText(repository)}@${digest}`;
}

/** What a token is asked for to do with a repository. */
export type RepositoryActions = 'pull' | 'push,pull' | 'catalog';

/** The scope that a token needs for some actions on a repository (Docker registry token specification). */
export function repositoryScope({ path }: RepositoryReference, actions: RepositoryActions): string {
  return `repository:${path}:${actions}`;
}

const privateNetwork = /^(10(\.\d{1,3}){3}|172\.(1[6-9]|2\d|3[01])(\.\d{1,3}){2}|192\.168(\.\d{1,3}){2})$/;

/**
 * Whether plain http may be tried when https fails: the user allows it (`insecure`), or the name can only be
 * this machine or a private network. The rule is go-containerregistry's and goes by the text of the name alone.
 */
export function mayUseHttp({ registry }: RepositoryReference, insecure: boolean): boolean {
  return (
    insecure ||
    isPrivateNetwork(registry.split(':', 1)[0] ?? '') ||
    registry.startsWith('localhost:') ||
    /\.localhost(:\d{1,5})?$/.test(registry) ||
    /^127\.0\.0\.1(:\d{1,5})?$/.test(registry) ||
    /^(::1|\[::1\](:\d{1,5})?)$/.test(registry)
  );
}

/**
 * A tag, digest or other text as one or more segments of a request path, escaped as Go's URL type does: dot
 * segments and slashes stay, since the registry is to judge them.
 */
export function encodePathText(text: string): string {
  let encoded = '';
  for (const byte of Buffer.from(text, 'utf8')) {
    const character = String.fromCharCode(byte);
    encoded += /[A-Za-z0-9\-_.~$&+,/:;=@]/.test(character)
      ? character
      : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return encoded;
}

function isPrivateNetwork(host: string): boolean {
  return privateNetwork.test(host) && host.split('.').every((part) => Number(part) <= 255);
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

function pathHint(text: string, path: string): string {
  if (/[:@]/.test(path)) {
    return 'put the tag into source.tag; a repository name has no ":" or "@"';
  }
  const lower = path.toLowerCase();
  return lower !== path && pathCharacters.test(lower)
    ? `repository names are lower-case: ${text.slice(0, text.length - path.length)}${lower}`
    : 'remove what a name can not have, white space too, or check the variable that it came from';
}

function withoutUserInfo(authority: string): string {
  return authority.replace(/:[^:@]*@/, ':xxxxx@');
}
