// Image configs: entrypoint, environment, labels and the digests of uncompressed layers (OCI "Image Configuration").
import { UserError } from '../errors.ts';
import { type Digest, isDigest } from './digest.ts';
import { parseDocument } from './document-json.ts';
import { isJsonObject, type JsonObject, member } from './json.ts';

/** The members of an image config that are used; a list is null when the document has none. */
export interface ImageConfig {
  readonly architecture: string;
  readonly os: string;
  /** Of the processor, such as `v7`. */
  readonly variant?: string;
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
  const { object, string, list } = membersAt(where);
  const config = object(member(document, 'config'), 'config');
  const labels = Object.entries(object(member(config, 'Labels'), 'config.Labels'));
  const variant = string(member(document, 'variant'), 'variant');
  return {
    ...(variant === '' ? {} : { variant }),
    architecture: string(member(document, 'architecture'), 'architecture'),
    os: string(member(document, 'os'), 'os'),
    created: string(member(document, 'created'), 'created'),
    cmd: list(member(config, 'Cmd'), 'config.Cmd'),
    entrypoint: list(member(config, 'Entrypoint'), 'config.Entrypoint'),
    env: list(member(config, 'Env'), 'config.Env'),
    user: string(member(config, 'User'), 'config.User'),
    labels: Object.fromEntries(labels.map(([key, value]) => [key, string(value, `config.Labels.${key}`)])),
    diffIds: diffIdsOf(document, where),
  };
}

/** The diff ids of an image config, bottom-up, whatever its other members are. Throws a UserError as above. */
export function parseDiffIds(bytes: Uint8Array, where: string): readonly Digest[] {
  return diffIdsOf(parseDocument(bytes, where), where);
}

/** The creation time of an image config as it is written, empty if absent, whatever the other members are. */
export function creationTime(bytes: Uint8Array, where: string): string {
  return membersAt(where).string(member(parseDocument(bytes, where), 'created'), 'created');
}

function diffIdsOf(document: JsonObject, where: string): readonly Digest[] {
  const { object, list } = membersAt(where);
  const rootfs = object(member(document, 'rootfs'), 'rootfs');
  const diffIds = list(member(rootfs, 'diff_ids'), 'rootfs.diff_ids') ?? [];
  return diffIds.map((diffId) => {
    if (!isDigest(diffId)) {
      throw new UserError(`${where}: ${JSON.stringify(diffId)} in "rootfs.diff_ids" is not a digest`);
    }
    return diffId;
  });
}

/** Readers of members by type: null and a missing member are empty, another type is a UserError. */
function membersAt(where: string) {
  const fail = (name: string, type: string) =>
    new UserError(`${where}: ${JSON.stringify(name)} must be ${type}`);
  const string = (value: unknown, name: string): string => {
    if (value === undefined || value === null) {
      return '';
    }
    if (typeof value !== 'string') {
      throw fail(name, 'a string');
    }
    return value;
  };
  return {
    string,
    object(value: unknown, name: string): JsonObject {
      if (value === undefined || value === null) {
        return {};
      }
      if (!isJsonObject(value)) {
        throw fail(name, 'an object');
      }
      return value;
    },
    list(value: unknown, name: string): readonly string[] | null {
      if (value === undefined || value === null) {
        return null;
      }
      if (!Array.isArray(value)) {
        throw fail(name, 'a list');
      }
      return value.map((item) => string(item, name));
    },
  };
}
