// The faults of docs/faults.md by the first cell of their row: where each command meets them.
import { gzipSync } from 'node:zlib';
import { authority, serverKeys } from '../support/certificates.ts';
import type { Fault, FaultRule } from '../support/fault.ts';
import { type CommandName, type Injection, origin, repository, type World } from './fault-world.ts';

/** A fault for each command that can meet it. */
export interface FaultCase extends Partial<Record<CommandName, Injection>> {
  /** A wait that the server asks for, in milliseconds. */
  readonly asksFor?: number;
  /** The fault applies to every request, never to the first one only. */
  readonly isLasting?: boolean;
  /** Each time that the fault applies takes seconds: it applies to the first request only. */
  readonly isSlow?: boolean;
}

type RuleOf = (world: World) => FaultRule;

const blobs = /\/blobs\/sha256:/;
const manifests = /\/manifests\//;
const tagList = /\/tags\/list$/;
/** What an upload begins with, and each of its steps. */
const start = { method: 'POST', path: /\/blobs\/uploads\/$/ };
const uploads = /\/blobs\/uploads\/.+/;
const transfer = { method: 'PATCH', path: uploads };

const at = (rule: FaultRule | RuleOf, more: Injection = {}): Injection => ({
  ...more,
  rules: (world) => [typeof rule === 'function' ? rule(world) : rule],
});

/** A fault of whatever a command asks for first: the manifest, or the start of an upload. */
function everywhere(fault: Fault): FaultCase {
  return {
    check: at({ path: manifests, fault }),
    in: at({ path: manifests, fault }),
    out: at({ ...start, fault }),
  };
}

const status = (code: number, more: object = {}): Fault => ({ kind: 'status', status: code, ...more });
const refusal = (code: number, name: string) =>
  status(code, { body: { errors: [{ code: name, message: 'refused', detail: {} }] } });

/** A fault that does not pass while a command runs. */
const lasting = (fault: FaultCase): FaultCase => ({ ...fault, isLasting: true });

/** A source whose registry cannot be reached. */
const unreachable = (host: string): FaultCase => {
  const source = () => ({ repository: `${host}/${repository}` });
  return lasting({ check: { source }, in: { source }, out: { source } });
};

const refusingMirror = ({ registry }: World) => ({
  registry_mirror: { host: '127.0.0.1:1', for: registry.host },
});

/** The registry ends while it responds to a request. */
const restart =
  (filter: { readonly method?: string; readonly path: RegExp }): RuleOf =>
  ({ registry }) => ({
    ...filter,
    fault: () => {
      void registry.close();
      return { kind: 'reset' };
    },
  });

const mirror = (fault: Fault, more: Injection = {}): FaultCase => {
  const source = ({ registry, other }: World) => ({
    registry_mirror: { host: other.host, for: registry.host },
  });
  const injection = at({ path: manifests, fault }, { server: 'other', source, ...more });
  return { check: injection, in: injection, out: injection };
};

/** Reading a list of tags: in check without a tag, in out for the aliases. */
const list = (rule: FaultRule): FaultCase => ({
  check: at(rule, { source: () => ({ tag: '' }), registry: { pageSize: 1 } }),
  out: at(rule, {
    params: () => ({ version: '1.2.3', bump_aliases: true }),
    source: () => ({ tag: '' }),
    registry: { pageSize: 1 },
  }),
});

const redirect = (to: (world: World, path: string) => string, more: Injection = {}): FaultCase => {
  const fault = (world: World): Fault => ({ kind: 'redirect', to: ({ path }) => to(world, path) });
  const reading = at((world) => ({ path: manifests, fault: fault(world) }), more);
  return { check: reading, in: reading, out: at((world) => ({ ...start, fault: fault(world) }), more) };
};

const overTls: Injection = {
  registry: { tls: serverKeys.trusted },
  source: () => ({ ca_certs: [authority] }),
};

/** A HEAD that is refused, so that check reads the manifest. */
const noHead: FaultRule = { method: 'HEAD', path: manifests, fault: { kind: 'status', status: 405 } };

const reading = (fault: Fault): Injection => ({
  rules: () => [noHead, { method: 'GET', path: manifests, fault }],
});

/** No response at all. */
const silent: Fault = { kind: 'hold', until: new Promise(() => {}) };

const silence = (filter: { readonly method?: string; readonly path: RegExp }) =>
  at({ ...filter, fault: silent }, { waits: 'shrunk' });

/** A manifest in a content coding. */
const coded: RuleOf = ({ image }) => ({
  method: 'GET',
  path: manifests,
  fault: status(200, {
    body: gzipSync(image.bytes),
    headers: { 'content-type': image.mediaType, 'content-encoding': 'gzip' },
  }),
});

export const faultCases: Readonly<Record<string, FaultCase>> = {
  // Connections
  'refused from the start': unreachable('127.0.0.1:1'),
  'name that does not resolve': unreachable('registry.test:5000'),
  'refused after a response': lasting({
    check: at(restart({ path: manifests })),
    in: at(restart({ path: manifests })),
    out: at(restart(start)),
  }),
  'reset before the response': everywhere({ kind: 'reset' }),
  'reset within a document': {
    ...list({ path: tagList, fault: { kind: 'reset', after: 5 } }),
    in: at({ path: manifests, fault: { kind: 'reset', after: 5 } }),
  },
  'end before the length': {
    ...list({ path: tagList, fault: { kind: 'truncate', after: 5 } }),
    in: at({ path: manifests, fault: { kind: 'truncate', after: 5 } }),
  },
  'reset within a layer': { in: at({ path: blobs, fault: { kind: 'reset', after: 1000 } }) },
  silence: {
    check: silence({ path: manifests }),
    in: silence({ path: manifests }),
    out: silence({ method: 'HEAD', path: blobs }),
    isSlow: true,
  },
  'small pieces': {
    ...list({ path: tagList, fault: { kind: 'drip', chunk: 1 } }),
    in: at({ path: blobs, fault: { kind: 'drip', chunk: 100 } }),
  },
  // Statuses
  ...Object.fromEntries(
    [400, 401, 403, 404, 405, 408, 429, 500, 501, 502, 503, 504].map((code) => [
      String(code),
      everywhere(status(code, { body: 'refused' })),
    ]),
  ),
  '429 with `Retry-After`': {
    ...everywhere(status(429, { headers: { 'retry-after': '7' } })),
    asksFor: 7_000,
  },
  '405 for `HEAD`': {
    check: at(noHead),
    out: at({ ...noHead, path: blobs }),
  },
  'web page of a proxy': everywhere(
    status(200, { body: '<html>Log in</html>', headers: { 'content-type': 'text/html' } }),
  ),
  // Content
  'wrong digest': {
    check: reading({ kind: 'flip' }),
    in: at({ path: blobs, fault: { kind: 'flip' } }),
    out: at({ method: 'PUT', path: uploads, fault: refusal(400, 'DIGEST_INVALID') }),
  },
  'wrong `Content-Length`': {
    check: reading({ kind: 'contentLength', by: 10 }),
    in: at({ path: blobs, fault: { kind: 'contentLength', by: 10 } }),
    out: at({ method: 'PUT', path: uploads, fault: refusal(400, 'SIZE_INVALID') }),
  },
  'content coding `gzip`': {
    check: { rules: (world) => [noHead, coded(world)] },
    in: at(coded),
  },
  'other media type': {
    check: at({ path: manifests, fault: { kind: 'headers', headers: { 'content-type': 'text/plain' } } }),
    in: at({ path: manifests, fault: { kind: 'headers', headers: { 'content-type': 'text/plain' } } }),
  },
  '416 for the rest of a layer': {
    in: {
      rules: () => [
        { path: blobs, times: 1, fault: { kind: 'reset', after: 1000 } },
        { path: blobs, times: 1, fault: status(416) },
      ],
    },
  },
  // Uploads
  'reset within the upload': { out: at({ ...transfer, fault: { kind: 'resetUpload', after: 50 } }) },
  'upload that is lost, 404': { out: at({ ...transfer, fault: refusal(404, 'BLOB_UPLOAD_UNKNOWN') }) },
  'upload refused, 400 `BLOB_UPLOAD_INVALID`': {
    out: at({ ...transfer, fault: refusal(400, 'BLOB_UPLOAD_INVALID') }),
  },
  'upload refused, 413': { out: at({ ...transfer, fault: status(413, { body: 'refused' }) }) },
  'upload refused, 416': { out: at({ ...transfer, fault: status(416, { body: 'refused' }) }) },
  'refused mount': {
    out: at(
      { ...start, fault: ({ query }) => (query.has('mount') ? status(403) : undefined) },
      { params: ({ registry }) => ({ image: undefined, from: `${registry.host}/${origin}:1.0.0` }) },
    ),
  },
  'blobs unknown to the manifest': {
    out: at({ method: 'PUT', path: manifests, fault: refusal(400, 'MANIFEST_BLOB_UNKNOWN') }),
  },
  // Tags
  'first page, 404': list({ path: tagList, fault: status(404) }),
  'later page, 404': list({
    path: tagList,
    fault: (request) => (request.query.has('last') ? status(404) : undefined),
  }),
  'refused list, 403': list({ path: tagList, fault: status(403) }),
  'pages without end': list({
    path: tagList,
    fault: status(200, { headers: { link: '<?again>' }, body: '{"tags":[]}' }),
  }),
  'listed tag, 404': {
    check: at({ path: /2[.]0[.]0$/, fault: status(404) }, { source: () => ({ tag: '' }) }),
  },
  // Redirects
  'to another host': redirect(({ other }, path) => `${other.url}${path}`),
  'from https to http': redirect(({ other }, path) => `${other.url}${path}`, overTls),
  'to a private address': redirect(() => 'http://169.254.169.254/latest'),
  'in a loop': redirect((_, path) => path),
  // Mirrors
  'refused connection': lasting({
    check: { source: refusingMirror },
    in: { source: refusingMirror },
    out: { source: refusingMirror },
  }),
  '403 from a mirror': mirror(status(403)),
  '404 from a mirror': mirror(status(404)),
  '503 from a mirror': mirror(status(503)),
  'wrong digest from a mirror': { in: mirror({ kind: 'flip' }).in ?? {} },
};
