// Which image a put publishes: a file of the build, an image of a registry (`from`), or an index made of several.
import { UserError } from '../errors.ts';
import { readWantedPlatform, type WantedPlatform } from '../oci/platform.ts';
import { type ImageReference, parseReference } from '../policy/image-reference.ts';
import type { ObjectReader } from './decode.ts';
import { type LoginKeys, parseLogin, type RawLogin, readPlatform, readRawLogin } from './source.ts';

/** An image on a registry, as a param names it. */
export type PutReference =
  /** A reference; `login` says how to log in where the param says so itself. */
  | { readonly kind: 'reference'; readonly reference: ImageReference; readonly login: LoginKeys | undefined }
  /** A directory of the build that a get wrote: its files `repository` and `digest`. */
  | { readonly kind: 'get'; readonly directory: string };

/** One entry of an index that a put assembles. */
export interface PutEntry {
  readonly image:
    | PutReference
    /** A glob of one tarball or layout. */
    | { readonly kind: 'image'; readonly glob: string }
    /** A path of the build if there is one, otherwise a reference. */
    | { readonly kind: 'any'; readonly text: string };
  /** Instead of the platform of the image config. */
  readonly platform: WantedPlatform | undefined;
  readonly annotations: Readonly<Record<string, string>>;
}

/** What a put publishes. */
export type PutImage =
  | { readonly kind: 'image'; readonly glob: string }
  | { readonly kind: 'from'; readonly from: PutReference; readonly platforms: readonly WantedPlatform[] }
  | {
      readonly kind: 'manifests';
      readonly entries: readonly PutEntry[];
      readonly platforms: readonly WantedPlatform[];
      /** Whether the entries of an index among them are taken in its place. */
      readonly flatten: boolean;
    };

interface RawReference {
  readonly repository: string;
  readonly tag: string;
  readonly digest: string;
  readonly get: string;
  readonly login: RawLogin;
}

/** Decodes the params that choose an image, which {@link parsePutImage} has yet to check. */
export function readRawPutImage(object: ObjectReader) {
  return {
    image: object.string('image'),
    from: object.stringOrObjectOf('from', readRawReference),
    manifests: object.objects<RawEntry>('manifests', readRawEntry, (text) => ({ text })),
    platforms: object.objects('platforms', readPlatform, readPlatformName),
    flatten: object.boolean('flatten'),
  };
}

/** What the params choose. Throws a UserError for more than one choice, and for a reference that cannot be one. */
export function parsePutImage(raw: ReturnType<typeof readRawPutImage>): PutImage {
  const { image, from, manifests, platforms, flatten } = raw;
  const chosen = [
    image !== '' && 'image',
    from !== undefined && 'from',
    manifests.length > 0 && 'manifests',
  ].filter((key) => key !== false);
  if (chosen.length > 1) {
    throw new UserError(`params.${chosen.join(' and params.')} are both set`, {
      hint: 'a put publishes one image: keep one of them',
    });
  }
  if (platforms.length > 0 && from === undefined && manifests.length === 0) {
    throw new UserError('params.platforms is set without params.from or params.manifests');
  }
  if (flatten && manifests.length === 0) {
    throw new UserError('params.flatten is set without params.manifests');
  }
  if (from !== undefined) {
    return { kind: 'from', from: parseFrom(from), platforms };
  }
  if (manifests.length > 0) {
    return { kind: 'manifests', entries: manifests.map(parseEntry), platforms, flatten };
  }
  return { kind: 'image', glob: image };
}

function readRawReference(object: ObjectReader): RawReference {
  return {
    repository: object.string('repository'),
    tag: object.scalar('tag'),
    digest: object.string('digest'),
    get: object.string('get'),
    login: readRawLogin(object),
  };
}

/** An entry of `manifests`: a string, or an object. */
type RawEntry = { readonly text: string } | RawEntryObject;

interface RawEntryObject {
  readonly ref: string;
  readonly image: string;
  readonly get: string;
  readonly platform: WantedPlatform | undefined;
  readonly annotations: Readonly<Record<string, string>>;
}

function readRawEntry(object: ObjectReader): RawEntryObject {
  return {
    ref: object.string('ref'),
    image: object.string('image'),
    get: object.string('get'),
    platform: object.optionalObject('platform', readPlatform),
    annotations: object.stringMap('annotations'),
  };
}

function parseFrom(from: string | RawReference): PutReference {
  if (typeof from === 'string') {
    return { kind: 'reference', reference: parseReference(from, 'params.from'), login: undefined };
  }
  const { repository, tag, digest, get, login } = from;
  if (get !== '') {
    if (repository !== '' || tag !== '' || digest !== '') {
      throw new UserError('params.from.get is set together with a repository, tag or digest', {
        hint: 'the directory of a get has all of them: keep params.from.get alone',
      });
    }
    return { kind: 'get', directory: get };
  }
  if ((tag === '') === (digest === '')) {
    throw new UserError(
      tag === '' ? 'params.from has neither a tag nor a digest' : 'params.from has both a tag and a digest',
      { hint: 'name the image by one of them; a digest is certain' },
    );
  }
  const text = digest === '' ? `${repository}:${tag}` : `${repository}@${digest}`;
  return { kind: 'reference', reference: parseReference(text, 'params.from'), login: parseLogin(login) };
}

function parseEntry(raw: RawEntry, position: number): PutEntry {
  const where = `params.manifests[${position}]`;
  if ('text' in raw) {
    if (raw.text === '') {
      throw new UserError(`${where} is empty`);
    }
    return { image: { kind: 'any', text: raw.text }, platform: undefined, annotations: {} };
  }
  const { ref, image, get, platform, annotations } = raw;
  if ([ref, image, get].filter((text) => text !== '').length !== 1) {
    throw new UserError(`${where} must have exactly one of ref, image and get`);
  }
  if (ref !== '') {
    const reference = parseReference(ref, `${where}.ref`);
    return { image: { kind: 'reference', reference, login: undefined }, platform, annotations };
  }
  return {
    image: image === '' ? { kind: 'get', directory: get } : { kind: 'image', glob: image },
    platform,
    annotations,
  };
}

/** `linux/arm64` or `linux/arm64/v8`. */
function readPlatformName(text: string): WantedPlatform {
  const [os = '', ...rest] = text.split('/');
  if (os === '' || rest.length === 0 || rest.length > 2 || rest.includes('')) {
    throw new UserError(`params.platforms: ${JSON.stringify(text)} is not a platform`, {
      hint: 'write os/architecture or os/architecture/variant: linux/arm64/v8',
    });
  }
  return readWantedPlatform(os, rest.join('/'), '');
}
