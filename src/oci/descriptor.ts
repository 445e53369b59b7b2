// Descriptors: media type, digest and size of content, parsed and encoded (OCI image specification, "Content Descriptors").
import { UserError } from '../errors.ts';
import { type Digest, digestOf, parseDigest } from './digest.ts';
import { isJsonObject, type JsonObject, type JsonValue, member, sortedMap } from './json.ts';
import { type Platform, parsePlatform } from './platform.ts';

/** A descriptor; `size` is in bytes, `data` is the content itself where it is embedded. */
export interface Descriptor {
  readonly mediaType: string;
  readonly size: number;
  readonly digest: Digest;
  readonly data?: Uint8Array;
  readonly urls?: readonly string[];
  readonly annotations?: Readonly<Record<string, string>>;
  readonly platform?: Platform;
  readonly artifactType?: string;
}

/**
 * The descriptor in a parsed JSON value; `where` is its place for the UserError about a malformed one. Embedded `data`
 * must have the size and the digest of the descriptor.
 */
export function parseDescriptor(value: unknown, where: string): Descriptor {
  if (!isJsonObject(value)) {
    throw new UserError(`${where}: a descriptor must be an object`);
  }
  const mediaType = optionalString(value, 'mediaType', where) ?? '';
  const artifactType = optionalString(value, 'artifactType', where);
  const size = member(value, 'size') ?? 0;
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) {
    throw new UserError(`${where}: "size" must be a number of bytes`);
  }
  const digest = parseDigestAt(member(value, 'digest'), where);
  const urls = member(value, 'urls');
  const annotations = parseAnnotations(member(value, 'annotations'), where);
  const platform = member(value, 'platform');
  const data = parseData(member(value, 'data'), { size, digest }, where);
  return {
    mediaType,
    size,
    digest,
    ...(data ? { data } : {}),
    ...(isStringList(urls) ? { urls } : {}),
    ...(annotations ? { annotations } : {}),
    ...(isJsonObject(platform) ? { platform: parsePlatform(platform) } : {}),
    ...(artifactType ? { artifactType } : {}),
  };
}

/** A descriptor for the encoder, in the key order of Go's structures and without empty optional keys. */
export function descriptorJson(descriptor: Descriptor): JsonValue {
  const { mediaType, size, digest, data, urls, annotations, platform, artifactType } = descriptor;
  return {
    mediaType,
    size,
    digest,
    data: data && data.length > 0 ? Buffer.from(data).toString('base64') : undefined,
    urls: filled(urls),
    annotations: annotations && Object.keys(annotations).length > 0 ? sortedMap(annotations) : undefined,
    platform: platform
      ? {
          architecture: platform.architecture,
          os: platform.os,
          'os.version': platform.osVersion,
          'os.features': filled(platform.osFeatures),
          variant: platform.variant,
          features: filled(platform.features),
        }
      : undefined,
    artifactType: artifactType || undefined,
  };
}

/** A map of annotations; undefined when it is absent. A null value becomes an empty string, as in Go. Throws a UserError. */
export function parseAnnotations(
  value: unknown,
  where: string,
): Readonly<Record<string, string>> | undefined {
  if (value === undefined || value === null) {
    return undefined;
  }
  if (!isJsonObject(value)) {
    throw new UserError(`${where}: "annotations" must be an object`);
  }
  const other = Object.keys(value).find((key) => value[key] !== null && typeof value[key] !== 'string');
  if (other !== undefined) {
    throw new UserError(`${where}: annotation ${JSON.stringify(other)} must be a string`);
  }
  // Copied only if need be: an image may have as many annotations as fit into 8 MB.
  return isStringMap(value)
    ? value
    : Object.fromEntries(
        Object.entries(value).map(([key, item]) => [key, typeof item === 'string' ? item : '']),
      );
}

function isStringMap(value: JsonObject): value is Readonly<Record<string, string>> {
  return Object.values(value).every((item) => typeof item === 'string');
}

/** A string member; undefined when it is absent or null. Throws a UserError for another type. */
export function optionalString(object: JsonObject, name: string, where: string): string | undefined {
  const value = member(object, name);
  if (value === undefined || value === null) {
    return undefined;
  }
  if (typeof value !== 'string') {
    throw new UserError(`${where}: ${JSON.stringify(name)} must be a string`);
  }
  return value;
}

function isStringList(value: unknown): value is string[] {
  return Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === 'string');
}

function filled(list: readonly string[] | undefined): readonly string[] | undefined {
  return list?.length ? list : undefined;
}

function parseDigestAt(value: unknown, where: string): Digest {
  try {
    return parseDigest(value);
  } catch (cause) {
    throw new UserError(where, { cause });
  }
}

function parseData(
  value: unknown,
  content: { size: number; digest: Digest },
  where: string,
): Uint8Array | undefined {
  if (typeof value !== 'string' || value === '') {
    return undefined;
  }
  const data = Buffer.from(value, 'base64');
  if (data.length !== content.size || digestOf(data) !== content.digest) {
    throw new UserError(`${where}: the embedded "data" is not the content of ${content.digest}`);
  }
  return data;
}
