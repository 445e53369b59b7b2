// The config of an image: how its process starts, and the digests of its layers as plain tars. OCI "image config".
import { UserError } from '../errors.ts';
import { type Digest, isDigest } from './digest.ts';
import { isJsonObject, member } from './json.ts';
import { parseDocument } from './manifest.ts';

/** The facts of an image config that the resource uses; `null` lists are absent in the document. */
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

/** What the bytes of an image config say; keys match whatever their case, as in Go. */
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
  const text = (value: unknown, name: string) => {
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
    return value.map((item) => text(item, name));
  };
  const config = object(member(document, 'config'), 'config');
  const rootfs = object(member(document, 'rootfs'), 'rootfs');
  const labels = Object.entries(object(member(config, 'Labels'), 'config.Labels'));
  const diffIds = list(member(rootfs, 'diff_ids'), 'rootfs.diff_ids') ?? [];
  return {
    architecture: text(member(document, 'architecture'), 'architecture'),
    os: text(member(document, 'os'), 'os'),
    created: text(member(document, 'created'), 'created'),
    cmd: list(member(config, 'Cmd'), 'config.Cmd'),
    entrypoint: list(member(config, 'Entrypoint'), 'config.Entrypoint'),
    env: list(member(config, 'Env'), 'config.Env'),
    user: text(member(config, 'User'), 'config.User'),
    labels: Object.fromEntries(labels.map(([key, value]) => [key, text(value, `config.Labels.${key}`)])),
    diffIds: diffIds.map((diffId) => {
      if (!isDigest(diffId)) {
        throw new UserError(`${where}: ${JSON.stringify(diffId)} in "rootfs.diff_ids" is not a digest`);
      }
      return diffId;
    }),
  };
}
