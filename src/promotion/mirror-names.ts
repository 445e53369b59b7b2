// Names in lists for mirror: images with or without a tag or digest, and the destination below a prefix.
import { UserError } from '../errors.ts';
import type { Digest } from '../oci/digest.ts';
import { readWantedPlatform, type WantedPlatform } from '../oci/platform.ts';
import {
  checkAddressable,
  dockerHub,
  parseRepository,
  repositoryName,
  withoutUserInfo,
} from '../oci/reference.ts';
import { parseReference } from '../policy/image-reference.ts';
import { registryNameFault, repositoryFault } from './registry-name.ts';

/** An image of a list. Without a tag and a digest it is a whole repository. */
export interface MirrorImage {
  /** `host/path`, with the host of Docker Hub. */
  readonly repository: string;
  readonly tag: string | undefined;
  readonly digest: Digest | undefined;
}

/** Where images go that have no destination of their own: --to and --scoped. */
export interface MirrorDestination {
  readonly prefix: string;
  /** Whether the whole name of the source follows the prefix, instead of its last part. */
  readonly isScoped: boolean;
}

/** Parses `host/path`, `host/path:tag` and `host/path@sha256:…`. Throws a UserError that names what is wrong. */
export function parseMirrorImage(text: string): MirrorImage {
  if (text !== withoutUserInfo(text)) {
    throw new UserError(`${JSON.stringify(withoutUserInfo(text))} has a user before its registry`, {
      hint: 'logins come from the settings file, or from the config.json of Docker',
    });
  }
  if (text.includes('{{') || text.includes('$')) {
    throw new UserError(`${JSON.stringify(text)} has a template or a variable: these are not evaluated`);
  }
  if (text.includes('@') || text.lastIndexOf(':') > text.lastIndexOf('/')) {
    const { repository, tag, digest } = parseReference(text, JSON.stringify(text));
    return { repository: repositoryName(repository), tag, digest };
  }
  return { repository: parseMirrorRepository(text), tag: undefined, digest: undefined };
}

/** Parses `host/path`. Throws a UserError for what is none. */
function parseMirrorRepository(text: string): string {
  const repository = parseRepository(text);
  checkAddressable(repository, text);
  return repositoryName(repository);
}

/** A host, or a host with a path, without slashes at the end. Throws a UserError for what is none. */
export function parseMirrorPrefix(text: string, origin: string): string {
  const prefix = text.replace(/\/+$/, '');
  const fault = registryNameFault(prefix);
  if (fault !== undefined) {
    throw new UserError(`${origin} is not a registry, or a registry with a path: ${fault}`);
  }
  return prefix;
}

/** The destination of a repository below a prefix, as `skopeo sync` names it. Throws a UserError where none can be so named. */
export function destinationBelow({ prefix, isScoped }: MirrorDestination, repository: string): string {
  const shown = repository.startsWith(`${dockerHub}/`)
    ? `docker.io${repository.slice(dockerHub.length)}`
    : repository;
  const name = `${prefix}/${isScoped ? shown : shown.slice(shown.lastIndexOf('/') + 1)}`;
  const fault = repositoryFault(name);
  if (fault !== undefined) {
    throw new UserError(`${repository} cannot be copied to ${name}: ${fault}`);
  }
  return parseMirrorRepository(name);
}

/** A platform as `os/architecture` or `os/architecture/variant`. Throws a UserError for another form. */
export function parseMirrorPlatform(text: string): WantedPlatform {
  const [os = '', architecture = '', variant = '', ...rest] = text.split('/');
  if (os === '' || architecture === '' || rest.length > 0) {
    throw new UserError(`${JSON.stringify(text)} is not a platform`, {
      hint: 'write os/architecture, or os/architecture/variant',
    });
  }
  return readWantedPlatform(os, architecture, variant);
}
