// An OCI registry in this process, for tests and the demo: the whole distribution API, TLS, authorization, faults.
import type { Digest } from '../../src/oci/digest.ts';
import type { KeyPair } from './certificates.ts';
import type { ReceivedRequest } from './exchange.ts';
import type { FaultRule } from './fault.ts';
import type { RecordedRequest } from './journal.ts';
import { type RecordingServer, startRecordingServer } from './recording-server.ts';
import { type Access, Authorizer, type IssuedToken, type RegistryAuth } from './registry-auth.ts';
import { listReferrers, listTags, type ReadingOptions, readBlob, readManifest } from './registry-reads.ts';
import { RegistryStore, type StoredManifest } from './registry-store.ts';
import { deleteBlob, deleteManifest, putManifest, Uploads } from './registry-writes.ts';
import { errorReply, type Reply } from './reply.ts';

/** How a registry is set up; by default plain HTTP, open to everybody, empty. */
export interface RegistryOptions extends ReadingOptions {
  readonly tls?: Pick<KeyPair, 'key' | 'cert'>;
  readonly auth?: RegistryAuth;
  readonly faults?: readonly FaultRule[];
  /** The port; by default a free one. */
  readonly port?: number;
  /** Handles requests that are not part of the distribution API, such as a special log-in; called first. */
  readonly beside?: (request: ReceivedRequest) => Reply | undefined;
}

/** Puts content into a registry without a request and without checks. */
export interface SeedTarget {
  putBlob(repository: string, content: Uint8Array | string): Digest;
  putManifest(
    repository: string,
    tag: string | undefined,
    mediaType: string,
    content: Uint8Array | string,
  ): Digest;
}

/** A running registry. */
export interface TestRegistry extends RecordingServer, SeedTarget {
  /** All requests in order of arrival. */
  readonly requests: readonly RecordedRequest[];
  /** All issued tokens, in order. */
  readonly tokens: readonly IssuedToken[];
  /** The number of uploads that were started and neither finished nor cancelled. */
  readonly openUploads: number;
  /** The tags of a repository in byte order. */
  tags(repository: string): string[];
  /** The digests of all manifests of a repository. */
  digests(repository: string): Digest[];
  /** The manifest under a tag or digest. */
  manifest(repository: string, reference: string): StoredManifest | undefined;
  blob(repository: string, digest: string): Buffer | undefined;
}

/** Starts a registry on a port of 127.0.0.1. */
export async function startRegistry(options: RegistryOptions = {}): Promise<TestRegistry> {
  const store = new RegistryStore();
  const uploads = new Uploads(store);
  const authorizer = new Authorizer(options.auth ?? { kind: 'none' });
  const parts: Parts = { store, uploads, authorizer, options, origin: '' };
  const server = await startRecordingServer({
    tls: options.tls,
    faults: options.faults,
    port: options.port,
    answer: (request) => {
      const reply = options.beside?.(request) ?? answer(request, parts);
      const headers = { 'docker-distribution-api-version': 'registry/2.0', ...reply.headers };
      return { ...reply, headers };
    },
  });
  parts.origin = server.url;
  uploads.base = options.links === 'absolute' ? server.url : '';
  const ownRealm = () => `${server.url}/token`;
  authorizer.realm = (options.auth?.kind === 'bearer' ? (options.auth.realm ?? ownRealm) : ownRealm)(server);
  const additions = {
    requests: server.journal.requests,
    tokens: authorizer.issued,
    putBlob: (...content: Parameters<SeedTarget['putBlob']>) => store.putBlob(...content),
    putManifest: (...content: Parameters<SeedTarget['putManifest']>) => store.putManifest(...content),
    tags: (repository: string) => [...(store.find(repository)?.tags.keys() ?? [])].sort(),
    digests: (repository: string) => [...(store.find(repository)?.manifests.keys() ?? [])],
    manifest: (repository: string, reference: string) => store.manifest(repository, reference),
    blob: (repository: string, digest: string) => store.find(repository)?.blobs.get(digest as Digest),
  };
  // The getters of the server stay live: it is the prototype, not copied.
  return Object.assign(
    Object.create(server, { openUploads: { get: () => uploads.open } }) as RecordingServer & {
      readonly openUploads: number;
    },
    additions,
  );
}

interface Parts {
  readonly store: RegistryStore;
  readonly uploads: Uploads;
  readonly authorizer: Authorizer;
  readonly options: RegistryOptions;
  origin: string;
}

const namePattern = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*)*';
const digestPattern = 'sha256:[0-9a-f]{64}';

interface Route {
  readonly path: RegExp;
  readonly methods: Readonly<Record<string, readonly string[]>>;
  readonly answer: (parts: Parts, name: string, reference: string, request: ReceivedRequest) => Reply;
}

const pull = ['pull'];
const push = ['pull', 'push'];

const routes: readonly Route[] = [
  {
    path: new RegExp(`^/v2/(${namePattern})/tags/list$`),
    methods: { GET: pull },
    answer: ({ store, options, origin }, name, _reference, request) =>
      listTags(store.find(name), name, request, { ...options, origin }),
  },
  {
    path: new RegExp(`^/v2/(${namePattern})/blobs/uploads/$`),
    methods: { POST: push },
    answer: ({ uploads }, name, _reference, request) => uploads.start(name, request),
  },
  {
    path: new RegExp(`^/v2/(${namePattern})/blobs/uploads/([0-9a-f-]+)$`),
    methods: { GET: push, HEAD: push, PATCH: push, PUT: push, DELETE: push },
    answer: ({ uploads }, name, id, request) => uploads.handle(name, id, request),
  },
  {
    path: new RegExp(`^/v2/(${namePattern})/blobs/(${digestPattern})$`),
    methods: { GET: pull, HEAD: pull, DELETE: ['delete'] },
    answer: ({ store, options }, name, digest, request) =>
      request.method === 'DELETE'
        ? deleteBlob(store.find(name), digest)
        : readBlob(store.find(name), digest, request, options),
  },
  {
    path: new RegExp(`^/v2/(${namePattern})/manifests/([^/]+)$`),
    methods: { GET: pull, HEAD: pull, PUT: push, DELETE: ['delete'] },
    answer: ({ store, options }, name, reference, request) => {
      switch (request.method) {
        case 'PUT':
          return putManifest(store, name, reference, request, { referrers: options.referrers === true });
        case 'DELETE':
          return deleteManifest(store.find(name), reference);
        default:
          return readManifest(store, name, reference, request);
      }
    },
  },
  {
    path: new RegExp(`^/v2/(${namePattern})/referrers/(${digestPattern})$`),
    methods: { GET: pull },
    answer: ({ store, options }, name, digest, request) =>
      options.referrers ? listReferrers(store.find(name), digest, request) : notFound(request.path),
  },
];

function answer(request: ReceivedRequest, parts: Parts): Reply {
  const { authorizer } = parts;
  if (request.path === '/token') {
    return authorizer.token(request);
  }
  if (request.path === '/v2/') {
    return request.method === 'GET' || request.method === 'HEAD'
      ? (authorizer.refuse(request, []) ?? {
          status: 200,
          headers: { 'content-type': 'application/json' },
          body: '{}',
        })
      : wrongMethod('GET, HEAD');
  }
  const path = decodedPath(request.path);
  for (const route of routes) {
    const found = route.path.exec(path);
    if (found) {
      const [, name = '', reference = ''] = found;
      const actions = route.methods[request.method];
      if (!actions) {
        return wrongMethod(Object.keys(route.methods).join(', '));
      }
      const needed: Access[] = [{ repository: name, actions }];
      const from = request.query.get('from');
      if (request.query.has('mount') && from !== null) {
        needed.push({ repository: from, actions: pull });
      }
      return authorizer.refuse(request, needed) ?? route.answer(parts, name, reference, request);
    }
  }
  return notFound(request.path);
}

function decodedPath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

function notFound(path: string): Reply {
  return errorReply(404, 'NOT_FOUND', `nothing is served under ${path}`);
}

function wrongMethod(allow: string): Reply {
  return errorReply(405, 'UNSUPPORTED', 'the operation is unsupported', { allow });
}
