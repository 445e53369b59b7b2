// Image configs: entrypoint, environment, labels and the digests of uncompressed layers (OCI "Image Configuration").
import { UserError } from '../errors.ts';
import { type Digest, isDigest } from './digest.ts';
import { isJsonObject, member } from './json.ts';
import { parseDocument } from './manifest.ts';

/** The members of an image config that are used; a list is null when the document has none. */
export interface ImageConfig {
  readonly architecture: string;
  readonly os: string;
  /** RFC 3339, or empty. */
  readonly created: string;
  readonly cmd: readonly string[] | null;
  readonly entrypoint: readonly string[] | null;
  readonly env: readonly string[] | null;
  readonly user: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Digests of the uncompressed layers, bottom-up. */
  readonly diffIds: readonly Digest[];
}

/** Parses an image config; keys match in any letter case, as in Go. Throws a UserError that begins with `where`. */
export function parseImageConfig(bytes: Uint8Array, where: string): ImageConfig {
  const document = parseDocument(bytes, where);
  const object = (value: unknown, name: string) => {
    if (value === undefined || value === null) {
      return {};
    }
    if (!isJsonObject(value)) {
      throw new UserError(`${where}: ${JSON.stringify(name)} must be an object`);
    }
    return value;
  };
  const string = (value: unknown, name: string) => {
    if (value === undefined || value === null) {
      return '';
    }
    if (typeof value !== 'string') {
      throw new UserError(`${where}: ${JSON.stringify(name)} must be a string`);
    }
    return value;
  };
  const list = (value: unknown, name: string) => {
    if (value === undefined || value === null) {
      return null;
    }
    if (!Array.isArray(value)) {
      throw new UserError(`${where}: ${JSON.stringify(name)} must be a list`);
    }
    return value.map((item) => string(item, name));
  };
  const config = object(member(document, 'config'), 'config');
  const rootfs = object(member(document, 'rootfs'), 'rootfs');
  const labels = Object.entries(object(member(config, 'Labels'), 'config.Labels'));
  const diffIds = list(member(rootfs, 'diff_ids'), 'rootfs.diff_ids') ?? [];
  return {
    architecture: string(member(document, 'architecture'), 'architecture'),
    os: string(member(document, 'os'), 'os'),
    created: string(member(document, 'created'), 'created'),
    cmd: list(member(config, 'Cmd'), 'config.Cmd'),
    entrypoint: list(member(config, 'Entrypoint'), 'config.Entrypoint'),
    env: list(member(config, 'Env'), 'config.Env'),
    user: string(member(config, 'User'), 'config.User'),
    labels: Object.fromEntries(labels.map(([key, value]) => [key, string(value, `config.Labels.${key}`)])),
    diffIds: diffIds.map((diffId) => {
      if (!isDigest(diffId)) {
        throw new UserError(`${where}: ${JSON.stringify(diffId)} in "rootfs.diff_ids" is not a digest`);
      }
      return diffId;
    }),
  };
}
