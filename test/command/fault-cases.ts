// The faults of docs/faults.md by the first cell of their row: where each command meets them.
import {
  at,
  blobs,
  coded,
  everywhere,
  expiring,
  type FaultCase,
  lasting,
  list,
  manifests,
  mirror,
  noHead,
  overTls,
  reading,
  redirect,
  refusal,
  refusingMirror,
  restart,
  silence,
  start,
  status,
  tagList,
  transfer,
  unreachable,
  untrusted,
  uploads,
} from './fault-injections.ts';
import { origin } from './fault-world.ts';

/** By the first cell of its row. */
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
  'end within a layer': { in: at({ path: blobs, fault: { kind: 'truncate', after: 1000 } }) },
  silence: {
    check: silence({ path: manifests }),
    in: silence({ path: manifests }),
    out: silence({ method: 'HEAD', path: blobs }),
    isSlow: true,
  },
  'certificate that is not trusted': { check: untrusted, in: untrusted, out: untrusted },
  'small pieces': {
    ...list({ path: tagList, fault: { kind: 'drip', chunk: 1 } }),
    in: at({ path: blobs, fault: { kind: 'drip', chunk: 100 } }),
  },
  // Statuses
  ...Object.fromEntries(
    [400, 401, 403, 404, 405, 408, 429, 500, 501, 502, 503, 504, 505].map((code) => [
      String(code),
      everywhere(status(code, { body: 'refused' })),
    ]),
  ),
  '429 with `Retry-After`': {
    ...everywhere(status(429, { headers: { 'retry-after': '7' } })),
    asksFor: 7_000,
  },
  '404 for a blob': {
    in: at({ path: blobs, fault: status(404) }),
    out: at({ method: 'HEAD', path: blobs, fault: status(404) }),
  },
  ...Object.fromEntries(
    [400, 401, 403, 405].map((code) => {
      const refused = at({ method: 'HEAD', fault: status(code) });
      return [`${code} for every \`HEAD\``, { check: refused, out: refused }];
    }),
  ),
  'token that has expired': { check: expiring, in: expiring, out: expiring },
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
  'upload that is lost, 400 `BLOB_UPLOAD_UNKNOWN`': {
    out: at({ ...transfer, fault: refusal(400, 'BLOB_UPLOAD_UNKNOWN') }),
  },
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
  '429 from a mirror': mirror(status(429)),
  '503 from a mirror': mirror(status(503)),
  'wrong digest from a mirror': { in: mirror({ kind: 'flip' }).in ?? {} },
};
