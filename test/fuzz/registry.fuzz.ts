// Fuzzes what a registry sends: challenges, tokens, links, redirects, error bodies, tag lists and documents.
import fc from 'fast-check';
import { expect } from 'vitest';
import { parseDiffIds, parseImageConfig } from '../../src/oci/image-config.ts';
import { parseIndex } from '../../src/oci/image-index.ts';
import { encodeManifest, parseManifest } from '../../src/oci/manifest.ts';
import { nextPage } from '../../src/registry/paged-list.ts';
import { parseTagPage } from '../../src/registry/tag-list.ts';
import { parseChallenges, preferredChallenge } from '../../src/transport/challenge.ts';
import { parseErrorBody, registryErrorText } from '../../src/transport/error-body.ts';
import { isPrivateAddress } from '../../src/transport/private-address.ts';
import { redactedUrl } from '../../src/transport/redacted-url.ts';
import { nextRedirect } from '../../src/transport/redirect.ts';
import { requestUrl } from '../../src/transport/resolve-url.ts';
import { parseTokenResponse, tokenRequest } from '../../src/transport/token.ts';
import { parseUrl, splitHost } from '../../src/transport/url-syntax.ts';
import { fuzz, unlessRefused } from './fuzzing.ts';
import { mutated, mutatedText, strangeText } from './inputs.ts';

const challenges = [
  'Bearer realm="https://auth.test/token",service="registry.test",scope="repository:app:pull"',
  'Basic realm="registry"',
  'Bearer realm=https://auth.test/token, error="invalid_token", error_description="it \\"expired\\""',
  'Negotiate, Basic realm="a", Bearer realm="/token"',
  'Bearer realm="https://user:pass@auth.test/t?a=b&service=c",service="d"',
];
const challengeWords = [
  '"',
  '\\',
  '=',
  ',',
  ' ',
  'realm=',
  'Bearer ',
  'http://169.254.169.254/',
  '\u0000',
  '%',
  '#',
];
const challenge = fc.oneof(mutatedText(challenges, challengeWords), strangeText);

fuzz(
  'a challenge is parsed, and results in a token request or a refusal',
  fc.tuple(fc.array(challenge, { maxLength: 3 }), fc.boolean()),
  ([lines, withCredentials]) => {
    for (const line of lines) {
      parseChallenges([line]);
    }
    const chosen = preferredChallenge(parseChallenges(lines));
    if (chosen) {
      const request = unlessRefused(() =>
        tokenRequest({
          challenge: chosen,
          registry: 'registry.test',
          pingScheme: 'https',
          scopes: ['repository:app:pull'],
          credentials: withCredentials ? { username: 'user', password: 'pass' } : undefined,
        }),
      );
      if (request) {
        const { host } = requestUrl(request.url);
        expect(isPrivateAddress(splitHost(host).name)).toBe(false);
      }
    }
  },
);

fuzz(
  'a token response is parsed or refused',
  mutated(
    ['{"token":"abc","expires_in":300,"refresh_token":"r"}', '{"access_token":"a"}'],
    ['"', 'null', '[', '\ufeff'],
  ),
  (body) => {
    const answer = unlessRefused(() => parseTokenResponse(body, 'https://auth.test/token'));
    expect(answer === undefined || answer.token !== '').toBe(true);
  },
);

const links = [
  '</v2/app/tags/list?last=b&n=2>; rel="next"',
  '<https://registry.test/v2/app/tags/list?n=2&last=b>;rel=next',
  '<?last=b>',
  '<list?page=2>',
  '<//registry.test/v2/app/tags/list?x>',
];
const urlWords = [
  '<',
  '>',
  '//',
  'https://',
  '@',
  '%',
  '\\',
  '[::1]',
  'localhost',
  '127.0.0.1',
  '?',
  '#',
  '\ud800',
  ' ',
  ':99999',
];

fuzz(
  'a Link header leads to a page on the registry or is refused',
  fc.oneof(mutatedText(links, urlWords), strangeText),
  (link) => {
    const list = 'https://registry.test/v2/app/tags/list';
    const next = unlessRefused(() => nextPage({ of: 'tags', url: list }, `${list}?n=1000`, link));
    if (next !== undefined) {
      expect(requestUrl(next).origin).toBe('https://registry.test');
    }
  },
);

const locations = [
  'https://store.test/blob?X-Signature=abc',
  '/v2/app/blobs/sha256:abc',
  'http://user:pass@[2001:db8::1]:8080/a?b#c',
  '../other',
  '//store.test/a',
];

fuzz(
  'a Location header leads to an http or https URL that is not private, or is refused',
  fc.oneof(mutatedText(locations, urlWords), strangeText),
  (location) => {
    const first = 'https://registry.test/v2/app/blobs/a';
    const step = unlessRefused(() =>
      nextRedirect(first, { method: 'GET', url: first }, { status: 307, location }, 0),
    );
    if (step) {
      const { scheme, host } = requestUrl(step.url);
      expect(['http', 'https']).toContain(scheme);
      expect(isPrivateAddress(splitHost(host).name)).toBe(false);
      // The HTTP client and the platform's parser must agree on the host.
      expect(new URL(step.url).hostname.toLowerCase()).toBe(
        new URL(`${scheme}://${host}/`).hostname.toLowerCase(),
      );
    }
    const userInfo = parseUrl(location)?.userInfo ?? '';
    if (userInfo.includes(':')) {
      const [, authority] = /^[^:]*:\/\/([^/]*)/.exec(redactedUrl(location)) ?? [];
      expect(authority).not.toContain(`${userInfo}@`);
    }
  },
);

const errorBodies = [
  '{"errors":[{"code":"DENIED","message":"no","detail":{"a":[1,null,{"b":1e21}]}},{"code":"UNKNOWN"}]}',
  '{"errors":null}',
  '<html>busy</html>',
];

fuzz(
  'an error body results in one message',
  mutated(errorBodies, ['{"a":', '[', '"', 'null', '1e400']),
  (body) => {
    parseErrorBody(body);
    const text = registryErrorText({ method: 'GET', url: 'https://registry.test/v2/', status: 500, body });
    expect(text.isWellFormed()).toBe(true);
  },
);

fuzz(
  'a page of tags is parsed or refused',
  mutated(['{"name":"app","tags":["a","b",null]}', '{"tags":null}']),
  (body) => {
    unlessRefused(() => parseTagPage(body, 'https://registry.test/v2/app/tags/list'));
  },
);

const digest = `sha256:${'0123456789abcdef'.repeat(4)}`;
const descriptor = { mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', size: 7, digest };
const manifests = [
  JSON.stringify({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: { ...descriptor, data: 'YWJj' },
    layers: [descriptor, { ...descriptor, urls: ['https://a.test'], annotations: { a: 'b' } }],
    annotations: { note: 'x' },
    subject: descriptor,
    artifactType: 'test/type',
  }),
  JSON.stringify({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.index.v1+json',
    manifests: [
      { ...descriptor, platform: { os: 'linux', architecture: 'arm', variant: 'v7', 'os.features': ['a'] } },
    ],
  }),
];
const documentWords = [
  '"size":',
  '-1',
  '1e99',
  '9007199254740993',
  'null',
  '[]',
  '{}',
  '"',
  'sha512:',
  '__proto__',
  'Layers',
];

fuzz(
  'a manifest is parsed or refused, and encoded to the same manifest',
  mutated(manifests, documentWords),
  (bytes) => {
    const manifest = unlessRefused(() => parseManifest(bytes, 'the manifest'));
    if (manifest) {
      const mediaType = manifest.mediaType ?? 'x/y';
      const encoded = encodeManifest({ ...manifest, mediaType });
      const again = encodeManifest({ ...parseManifest(encoded, 'the encoded manifest'), mediaType });
      expect(Buffer.from(again).toString()).toBe(Buffer.from(encoded).toString());
    }
  },
);

fuzz('an index is parsed or refused', mutated(manifests, documentWords), (bytes) => {
  unlessRefused(() => parseIndex(bytes, 'the index'));
});

const configs = [
  JSON.stringify({
    created: '2024-01-01T00:00:00.5Z',
    os: 'linux',
    architecture: 'amd64',
    config: { Env: ['A=1'], Cmd: null, Labels: { a: 'b' }, User: 'x', Entrypoint: ['/x'] },
    rootfs: { type: 'layers', diff_ids: [digest] },
  }),
];

fuzz(
  'an image config is parsed or refused',
  mutated(configs, [...documentWords, '"created":', '+99:99']),
  (bytes) => {
    unlessRefused(() => parseImageConfig(bytes, 'the config'));
    unlessRefused(() => parseDiffIds(bytes, 'the config'));
  },
);
