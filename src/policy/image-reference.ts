// References of images: a repository with a tag or a digest, as people write them.
import { UserError } from '../errors.ts';
import { type Digest, parseDigest } from '../oci/digest.ts';
import { checkAddressable, parseRepository, type RepositoryReference } from '../oci/reference.ts';
import { checkTag } from './tag-grammar.ts';

/** An image in a repository. One of tag and digest is there; the digest counts where both are. */
export interface ImageReference {
  readonly repository: RepositoryReference;
  readonly tag: string | undefined;
  readonly digest: Digest | undefined;
}

/**
 * Parses `registry/path:tag`, `registry/path@sha256:…` and both together. Throws a UserError that begins with `where` for
 * what is no reference, for a digest alone, and for one without a tag and a digest: nothing here chooses `latest` by itself.
 */
export function parseReference(text: string, where: string): ImageReference {
  const [name = '', digestText] = splitOnce(text, '@');
  const colon = name.lastIndexOf(':');
  const hasTag = colon > name.lastIndexOf('/');
  const path = hasTag ? name.slice(0, colon) : name;
  const tag = hasTag ? name.slice(colon + 1) : undefined;
  if (tag === undefined && digestText === undefined) {
    throw new UserError(`${where} names no tag and no digest: ${JSON.stringify(text)}`, {
      hint: 'write host/path:tag or host/path@sha256:…',
    });
  }
  if (path === 'sha256' && /^[0-9a-f]{64}$/.test(tag ?? '')) {
    throw new UserError(`${where} is a digest without its repository: ${text}`, {
      hint: `write host/path@${text}`,
    });
  }
  if (tag !== undefined) {
    checkTag(tag, where);
  }
  try {
    const repository = parseRepository(path);
    checkAddressable(repository, path);
    return { repository, tag, digest: digestText === undefined ? undefined : parseDigest(digestText) };
  } catch (cause) {
    throw new UserError(`${where} is not the reference of an image`, { cause });
  }
}

function splitOnce(text: string, separator: string): [string, string?] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}
