// The read endpoints of a test registry: blobs with ranges, manifests, paginated tag lists, referrers.
import type { Digest } from '../../src/oci/digest.ts';
import { isIndexType, isManifestType, mediaTypes } from '../../src/oci/media-type.ts';
import type { ReceivedRequest } from './exchange.ts';
import type { RegistryStore, StoredManifest, StoredRepository } from './registry-store.ts';
import { errorReply, jsonReply, type Reply } from './reply.ts';

/** How a registry responds where registries differ. */
export interface ReadingOptions {
  /** `Range` headers are ignored when false. */
  readonly ranges?: boolean | undefined;
  /** The most tags on a page, also when the client requests more; by default unlimited. */
  readonly pageSize?: number | undefined;
  /** Tags in byte order, or in the order of their creation. */
  readonly tagOrder?: 'sorted' | 'created' | undefined;
  /** Whether `Link` and `Location` headers have scheme and host. */
  readonly links?: 'relative' | 'absolute' | undefined;
  /** Without it `/referrers/` responds 404, as on registries older than the OCI 1.1 specification. */
  readonly referrers?: boolean | undefined;
}

/** The response to `GET` or `HEAD` of a blob. RFC 9110, "Range Requests": one range of bytes. */
export function readBlob(
  repository: StoredRepository | undefined,
  digest: string,
  request: ReceivedRequest,
  options: ReadingOptions,
): Reply {
  const body = repository?.blobs.get(digest as Digest);
  if (!body) {
    return errorReply(404, 'BLOB_UNKNOWN', 'blob unknown to registry');
  }
  return blobReply(body, digest, options.ranges === false ? undefined : request.headers.range);
}

/** A blob, or the range of it that a `Range` header requests. */
export function blobReply(body: Buffer, digest: string, range: string | undefined): Reply {
  const headers = {
    'content-type': 'application/octet-stream',
    'docker-content-digest': digest,
    'accept-ranges': 'bytes',
  };
  const asked = /^bytes=(\d*)-(\d*)$/.exec(range ?? '');
  if (!asked || (asked[1] === '' && asked[2] === '')) {
    return { status: 200, headers, body };
  }
  const first = asked[1] === '' ? Math.max(0, body.length - Number(asked[2])) : Number(asked[1]);
  const last =
    asked[1] === '' || asked[2] === '' ? body.length - 1 : Math.min(Number(asked[2]), body.length - 1);
  if (first > last) {
    return errorReply(416, 'BLOB_UNKNOWN', 'no such range', { 'content-range': `bytes */${body.length}` });
  }
  return {
    status: 206,
    headers: { ...headers, 'content-range': `bytes ${first}-${last}/${body.length}` },
    body: body.subarray(first, last + 1),
  };
}

/** The response to `GET` or `HEAD` of a manifest by tag or digest. */
export function readManifest(
  store: RegistryStore,
  name: string,
  reference: string,
  request: ReceivedRequest,
): Reply {
  const manifest = store.manifest(name, reference);
  if (!manifest) {
    return errorReply(404, 'MANIFEST_UNKNOWN', 'manifest unknown');
  }
  if (!accepts(request.headers.accept, manifest.mediaType)) {
    return errorReply(
      404,
      'MANIFEST_UNKNOWN',
      `the manifest is ${manifest.mediaType}, which Accept does not list`,
    );
  }
  return {
    status: 200,
    headers: { 'content-type': manifest.mediaType, 'docker-content-digest': manifest.digest },
    body: manifest.bytes,
  };
}

/** The response to a tag list: `n` tags after `last`, and a link to the next page when there are more. */
export function listTags(
  repository: StoredRepository | undefined,
  name: string,
  request: ReceivedRequest,
  options: ReadingOptions & { readonly origin: string },
): Reply {
  if (!repository) {
    return errorReply(404, 'NAME_UNKNOWN', 'repository name not known to registry');
  }
  const wanted = request.query.get('n');
  if (wanted !== null && !/^\d+$/.test(wanted)) {
    return errorReply(400, 'PAGINATION_NUMBER_INVALID', 'invalid number of results requested');
  }
  const last = request.query.get('last');
  const created = [...repository.tags.keys()];
  const tags = options.tagOrder === 'created' ? created : created.sort();
  const start =
    last === null
      ? 0
      : options.tagOrder === 'created'
        ? tags.indexOf(last) + 1
        : tags.filter((tag) => tag <= last).length;
  const size = Math.min(
    Number(wanted ?? Number.POSITIVE_INFINITY),
    options.pageSize ?? Number.POSITIVE_INFINITY,
  );
  const page = tags.slice(start, start + size);
  const end = page.at(-1);
  if (end === undefined || start + page.length >= tags.length) {
    return jsonReply(200, { name, tags: page });
  }
  const next = `/v2/${name}/tags/list?${new URLSearchParams({ last: end, n: String(size) })}`;
  const link = `<${options.links === 'absolute' ? options.origin : ''}${next}>; rel="next"`;
  return jsonReply(200, { name, tags: page }, { link });
}

/** The response to a referrers request: an index of the manifests whose subject has the digest. OCI distribution 1.1. */
export function listReferrers(
  repository: StoredRepository | undefined,
  digest: string,
  request: ReceivedRequest,
): Reply {
  const type = request.query.get('artifactType');
  const manifests = [...(repository?.manifests.values() ?? [])].flatMap((manifest) => {
    const document = JSON.parse(manifest.bytes.toString()) as ManifestDocument;
    const artifactType = document.artifactType ?? document.config?.mediaType;
    return document.subject?.digest === digest && (type === null || type === artifactType)
      ? [referrer(manifest, artifactType, document.annotations)]
      : [];
  });
  const headers = {
    'content-type': mediaTypes.ociIndex,
    ...(type === null ? {} : { 'oci-filters-applied': 'artifactType' }),
  };
  return jsonReply(200, { schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests }, headers);
}

interface ManifestDocument {
  readonly artifactType?: string;
  readonly config?: { readonly mediaType: string };
  readonly subject?: { readonly digest: string };
  readonly annotations?: Record<string, string>;
}

function referrer(
  { mediaType, bytes, digest }: StoredManifest,
  artifactType: string | undefined,
  annotations: Record<string, string> | undefined,
) {
  return { mediaType, size: bytes.length, digest, annotations, artifactType };
}

function accepts(accept: string | undefined, mediaType: string): boolean {
  const listed = (accept ?? '*/*').split(',').map((item) => item.split(';', 1)[0]?.trim());
  const negotiated = isIndexType(mediaType) || isManifestType(mediaType);
  return (
    !negotiated || listed.includes(mediaType) || listed.includes('*/*') || listed.includes('application/*')
  );
}
