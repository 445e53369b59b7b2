// Where one image is, or shall be: on a registry, in an OCI layout (`oci:DIR[:NAME]`) or a tarball (`docker-archive:FILE`).
import { UserError } from '../errors.ts';
import { checkAddressable, parseRepository, type RepositoryReference } from '../oci/reference.ts';
import { type ImageReference, parseReference } from '../policy/image-reference.ts';
import { checkTag } from '../policy/tag-grammar.ts';

/** A place on disk. */
export type DiskLocation =
  | { readonly kind: 'oci'; readonly directory: string; readonly name: string | undefined }
  | { readonly kind: 'docker-archive'; readonly file: string };

/** Where an image is read. */
export type ImageLocation = DiskLocation | { readonly kind: 'registry'; readonly reference: ImageReference };

/** Where an image is written; the tag is the one that the location itself names. */
export type DestinationLocation =
  | DiskLocation
  | { readonly kind: 'registry'; readonly repository: RepositoryReference; readonly tag: string | undefined };

/** Parses the location of an image that is read. Throws a UserError that begins with `where`. */
export function parseImageLocation(text: string, where: string): ImageLocation {
  return parseDiskLocation(text, where) ?? { kind: 'registry', reference: parseReference(text, where) };
}

/** Parses a location that is written to: a repository may have a tag, but no digest. Throws a UserError. */
export function parseDestination(text: string, where: string): DestinationLocation {
  const disk = parseDiskLocation(text, where);
  if (disk) {
    return disk;
  }
  if (text.includes('@sha256:')) {
    throw new UserError(`${where} has a digest: ${JSON.stringify(text)}`, {
      hint: 'the digest is that of the source; write host/path or host/path:tag',
    });
  }
  const colon = text.lastIndexOf(':');
  const hasTag = colon > text.lastIndexOf('/') && text.includes('/');
  const name = hasTag ? text.slice(0, colon) : text;
  const tag = hasTag ? text.slice(colon + 1) : undefined;
  const repository = parseRepository(name);
  checkAddressable(repository, name);
  if (tag !== undefined) {
    checkTag(tag, where);
  }
  return { kind: 'registry', repository, tag };
}

function parseDiskLocation(text: string, where: string): DiskLocation | undefined {
  const [, kind, rest = ''] = /^(oci|docker-archive):(.*)$/s.exec(text) ?? [];
  if (kind === undefined) {
    return undefined;
  }
  if (kind === 'docker-archive') {
    return { kind, file: filled(rest, where, 'write docker-archive:FILE') };
  }
  const colon = rest.lastIndexOf(':');
  const hasName = colon > rest.lastIndexOf('/');
  const hint = 'write oci:DIRECTORY or oci:DIRECTORY:NAME';
  return {
    kind: 'oci',
    directory: filled(hasName ? rest.slice(0, colon) : rest, where, hint),
    name: hasName ? filled(rest.slice(colon + 1), where, hint) : undefined,
  };
}

function filled(text: string, where: string, hint: string): string {
  if (text === '') {
    throw new UserError(`${where} is incomplete`, { hint });
  }
  return text;
}
