// Fuzzes what a pipeline sets: requests, versions, constraints, patterns, names, globs and Docker configs.
import fc from 'fast-check';
import { expect } from 'vitest';
import { findDockerLogin, parseDockerConfig } from '../../src/credentials/docker-config.ts';
import { parseRepository } from '../../src/oci/reference.ts';
import { compilePattern } from '../../src/policy/pattern.ts';
import { compareVersions, formatVersion, parseTagVersion } from '../../src/policy/tag-version.ts';
import { parseConstraint, satisfies } from '../../src/policy/version-constraint.ts';
import { scanJson } from '../../src/request/json-scan.ts';
import { decodeCheckRequest, decodeInRequest, decodeOutRequest } from '../../src/request/request.ts';
import { fuzz, unlessRefused } from './fuzzing.ts';
import { mutated, mutatedText, strangeText } from './inputs.ts';

const source = {
  repository: 'registry.test/team/app',
  insecure: true,
  tag: 1.1,
  variant: 'slim',
  semver_constraint: '>=1.2 <2',
  pre_releases: true,
  pre_release_prefixes: ['rc', null],
  tag_regex: '^v(?P<major>\\d+)$',
  label_regex: 'org\\.',
  username: 'user',
  password: 'pass',
  aws_region: 'eu-central-1',
  aws_role_arns: ['arn:aws:iam::1:role/a'],
  azure_acr: false,
  registry_mirror: [{ host: 'mirror.test:5000', for: 'ghcr.io' }, 'other.test'],
  platform: { os: 'linux', architecture: 'arm', variant: 'v7' },
  ca_certs: ['-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----'],
  docker_config: { auths: { 'a.test': { auth: 'dXNlcjpwYXNz' } } },
  debug: true,
};
const requests = [
  JSON.stringify({ source, version: { tag: '1.0', digest: `sha256:${'a'.repeat(64)}` } }),
  JSON.stringify({ source, params: { format: 'oci', platform: { os: 'linux' }, skip_download: false } }),
  JSON.stringify({
    source: {
      ...source,
      content_trust: { server: 'https://notary.test', repository_key: 'key', scopes: 'pull' },
    },
    params: {
      image: '*/image.tar',
      version: '1.2.3',
      tags: ['a'],
      immutable_tags: ['^v'],
      on_conflict: 'skip',
    },
  }),
  '{"Source":{"tag":1.10},"version":null}',
  'null',
];
const words = [
  '"',
  '\\u0000',
  '\\ud800',
  '{',
  '[',
  'null',
  'true',
  '1e999',
  '-0',
  ':',
  ',',
  '\ufeff',
  'ſource',
  '__proto__',
];

for (const [name, decode] of [
  ['check', decodeCheckRequest],
  ['in', decodeInRequest],
  ['out', decodeOutRequest],
] as const) {
  fuzz(`a request of ${name} is decoded or refused`, mutated(requests, words), (input) => {
    unlessRefused(() => decode(input));
  });
}

fuzz(
  'a JSON document is scanned if JSON.parse accepts it, and refused otherwise',
  mutatedText(requests, words),
  (text) => {
    const scanned = unlessRefused(() => scanJson(text)) !== undefined;
    let parsed = true;
    try {
      JSON.parse(text);
    } catch {
      parsed = false;
    }
    // The scanner limits the depth.
    if (parsed && !scanned) {
      expect(text.split(/[[{]/).length).toBeGreaterThan(100);
    } else {
      expect(scanned).toBe(parsed);
    }
  },
);

const versions = [
  '1.2.3',
  'v1.2',
  '1',
  '1.2.3-rc.1+build',
  '01.2',
  '18446744073709551616',
  '1.2.3-alpha.0.x',
];
const version = fc.oneof(mutatedText(versions, ['.', '-', '+', 'v', '0']), strangeText);

fuzz(
  'a version has one order, and its string is parsed to the same version',
  fc.tuple(version, version),
  ([a, b]) => {
    const [left, right] = [parseTagVersion(a), parseTagVersion(b)];
    if (left && right) {
      expect(Math.sign(compareVersions(left, right)) + Math.sign(compareVersions(right, left))).toBe(0);
    }
    if (left) {
      const again = parseTagVersion(formatVersion(left));
      expect(again && compareVersions(left, again)).toBe(0);
    }
  },
);

const constraints = ['>=1.2, <2 || ~3.1', '^1.2.3-rc', '1.x', '!= 1.2.3', '1.2 - 1.4', '=> 1', '*'];

fuzz(
  'a version constraint is parsed or refused, and evaluated',
  fc.tuple(fc.oneof(mutatedText(constraints, ['||', ' - ', 'x', '^', '~', '>=', ',']), strangeText), version),
  ([text, tag]) => {
    const constraint = unlessRefused(() => parseConstraint(text));
    const parsed = parseTagVersion(tag);
    if (constraint && parsed) {
      expect(typeof satisfies(constraint, parsed)).toBe('boolean');
    }
  },
);

const patterns = [
  '^v(\\d+)\\.(?P<minor>[0-9]+)$',
  'gr(a|e)y',
  '(?i)[[:alpha:]]{2,5}?',
  '\\Qa.b\\E',
  '\\pL+\\z',
  '[^\\W\\d]',
];

fuzz(
  'a pattern is compiled or refused, and matched in linear time',
  fc.tuple(
    fc.oneof(mutatedText(patterns, ['(', ')*', '{1,1000}', '\\', '[', '(?', '*+']), strangeText),
    strangeText,
  ),
  ([text, input]) => {
    unlessRefused(() => compilePattern(text, 'source.tag_regex'))?.matches(input.repeat(20));
  },
  { share: 0.2 },
);

const names = [
  'registry.test:5000/team/app',
  'busybox',
  '[::1]:5000/a/b',
  'docker.io/library/busybox',
  'localhost/a',
];

fuzz(
  'the name of a repository is parsed or refused',
  fc.oneof(mutatedText(names, ['/', ':', '@', '..']), strangeText),
  (name) => {
    unlessRefused(() => parseRepository(name));
  },
);

const configs = [
  JSON.stringify({
    auths: { 'https://index.docker.io/v1/': { auth: 'dXNlcjpwYXNz' }, 'a.test': { identitytoken: 'x' } },
  }),
  JSON.stringify({
    credHelpers: { 'a.test': 'helper' },
    credsStore: 'store',
    auths: { 'a.test': { username: 'a', password: 'b' } },
  }),
];

fuzz('a Docker config is parsed or refused, and searched', mutatedText(configs, words), (text) => {
  const config = unlessRefused(() => parseDockerConfig(text));
  if (config) {
    unlessRefused(() => findDockerLogin(config, 'a.test'));
    unlessRefused(() => findDockerLogin(config, 'index.docker.io'));
  }
});
