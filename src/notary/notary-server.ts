// The API of a notary server: the collection of a repository, its metadata, the server's own keys, and publishing.
import { randomBytes } from 'node:crypto';
import { UserError } from '../errors.ts';
import { parseJson } from '../oci/json.ts';
import { dockerHub, type RepositoryReference, repositoryName } from '../oci/reference.ts';
import type { Session } from '../transport/session.ts';
import { encodePath } from '../transport/url-syntax.ts';
import { readTrustKey, type TrustKey } from './trust-key.ts';

/** The metadata of one collection on a notary server. */
export interface NotaryServer {
  /** The current metadata of a role, or the one with this SHA-256; undefined when there is none. */
  metadata(role: string, sha256?: string): Promise<Buffer | undefined>;
  /** The public key with which the server signs for a role. Throws a UserError when it has none. */
  key(role: 'timestamp' | 'snapshot'): Promise<TrustKey>;
  /** Publishes new metadata by role, all of it or none. */
  publish(files: ReadonlyMap<string, Uint8Array>): Promise<void>;
}

const dockerNotary = 'notary.docker.io';
const maximumMetadata = 100 * 1024 * 1024;
const maximumKey = 1024 * 1024;

/**
 * The collection of a repository: `registry` is the notary server, `path` the globally unique name. Without a `server`
 * (host and port) it is on the registry itself, or for Docker Hub on its notary server, where names have no `index.`.
 */
export function collectionOf(
  repository: RepositoryReference,
  server: string | undefined,
): RepositoryReference {
  const registry = server ?? (repository.registry === dockerHub ? dockerNotary : repository.registry);
  const path = registry === dockerNotary ? `docker.io/${repository.path}` : repositoryName(repository);
  return { registry, path };
}

/** The API of the server over a session whose repository is the collection ({@link collectionOf}). */
export function notaryServer(session: Session): NotaryServer {
  const base = `/v2/${encodePath(session.repository.path)}/_trust/tuf/`;
  const get = async (name: string, bodyLimit: number) => {
    const expect = [200, 404];
    const response = await session.request({ method: 'GET', target: base + name, expect, bodyLimit });
    return response.status === 404 ? undefined : response.bytes;
  };
  return {
    metadata: (role, sha256) =>
      get(`${encodePath(role)}${sha256 === undefined ? '' : `.${sha256}`}.json`, maximumMetadata),
    async key(role) {
      const bytes = await get(`${role}.key`, maximumKey);
      const key = bytes && readTrustKey(parseJson(bytes));
      if (!key) {
        throw new UserError(`the notary server has no ${role} key`, {
          hint: 'ask the operator of the server whether it has a signer',
        });
      }
      return key;
    },
    async publish(files) {
      const { boundary, body } = multipartForm(files);
      await session.request({
        method: 'POST',
        target: base,
        headers: { 'content-type': `multipart/form-data; boundary=${boundary}` },
        body: { length: body.length, open: async () => body },
        expect: [200],
      });
    },
  };
}

/** A multipart form (RFC 7578) with one part `files` for each document, and its role as the file name. */
function multipartForm(files: ReadonlyMap<string, Uint8Array>): { boundary: string; body: Buffer } {
  const boundary = randomBytes(24).toString('hex');
  const parts = [...files].flatMap(([role, content]) => [
    Buffer.from(
      `--${boundary}\r\nContent-Disposition: form-data; name="files"; filename="${role}"\r\n` +
        'Content-Type: application/octet-stream\r\n\r\n',
    ),
    content,
    Buffer.from('\r\n'),
  ]);
  return { boundary, body: Buffer.concat([...parts, Buffer.from(`--${boundary}--\r\n`)]) };
}
