// The versions that check reports for a list of tags and settings: a table for unit tests and end-to-end tests.
import { digestOf } from '../../src/oci/digest.ts';

/** A row. The content of a tag is any string: tags with the same content point at the same digest. */
export interface TagCase {
  readonly name: string;
  /** `tag=content`, or `tag` alone where all contents differ, in the registry's order. */
  readonly tags: string;
  readonly source?: object;
  /** `tag=content` of the last version. */
  readonly cursor?: string;
  /** The tags of the answer in order. */
  readonly answer: string;
}

/** Parses the tags of a row with their contents. */
export function tagContents(text: string): [tag: string, content: string][] {
  return text
    .split(' ')
    .filter((entry) => entry !== '')
    .map((entry) => {
      const [tag = '', content = entry] = entry.split('=');
      return [tag, `content ${content}`];
    });
}

/** The digest that a tag of a row points at. */
export function digestOfTag(text: string, tag: string): string {
  return digestOf(Buffer.from(new Map(tagContents(text)).get(tag) ?? ''));
}

const threeVersions = '1.0.0=1 1.2.1=3 2.0.0=5';
const withPrereleases = '1.0.0-alpha.1 1.0.0 1.2.1-beta.1 1.2.1 2.0.0-rc.1 2.0.0';
const manyVariants =
  '1.0.0-foo 1.0.0-rc.1-foo 1.0.0-alpha.1-foo 1.0.0-beta.1-foo 1.0.0-bar-foo 1.0.0-rc.1-bar-foo 1.0.0-foo-bar';

/** The rows of upstream's suite in its order; then more rows. */
export const tagCases: readonly TagCase[] = [
  { name: 'no semver tags', tags: 'non-semver-tag', answer: '' },
  { name: 'no tags that match', tags: 'non-matching', source: { tag_regex: 'foo.*' }, answer: '' },
  { name: 'latest', tags: 'non-semver-tag=1 latest=2', answer: 'latest' },
  {
    name: 'tags that match',
    tags: '1.0.0 non-semver-tag gray grey',
    source: { tag_regex: 'gr(a|e)y' },
    answer: 'gray grey',
  },
  {
    name: 'a pattern outdoes a constraint',
    tags: '1.0.0 1.2.1 1.2.2 2.0.0 latest gray grey',
    source: { tag_regex: 'gr(a|e)y', semver_constraint: '1.2.x' },
    answer: 'gray grey',
  },
  { name: 'semver and other tags', tags: '1.0.0 non-semver-tag', answer: '1.0.0' },
  {
    name: 'tags that match stay in the order of the list',
    tags: '1.0.0 3bd8a5e-dev 3bd8a5e-stage other 67e3c33-dev 1bd8a5e-dev',
    source: { tag_regex: '^[0-9a-f]{7}-dev$' },
    answer: '3bd8a5e-dev 67e3c33-dev 1bd8a5e-dev',
  },
  {
    name: 'semver tags in their order',
    tags: '2.0.0 1.2.1 1.0.0 1.10.0',
    answer: '1.0.0 1.2.1 1.10.0 2.0.0',
  },
  { name: 'from the cursor on', tags: threeVersions, cursor: '1.2.1=3', answer: '1.2.1 2.0.0' },
  {
    name: 'a cursor that has moved',
    tags: threeVersions,
    cursor: '1.2.1=bogus',
    answer: '1.0.0 1.2.1 2.0.0',
  },
  { name: 'a cursor that is gone', tags: threeVersions, cursor: '1.1.0=2', answer: '1.0.0 1.2.1 2.0.0' },
  {
    name: 'a constraint, under which latest does not count',
    tags: '1.0.0 1.2.1 1.2.2 v1.2.3 2.0.0 latest',
    source: { semver_constraint: '1.2.x' },
    answer: '1.2.1 1.2.2 v1.2.3',
  },
  { name: 'no prereleases', tags: withPrereleases, answer: '1.0.0 1.2.1 2.0.0' },
  { name: 'prereleases', tags: withPrereleases, source: { pre_releases: true }, answer: withPrereleases },
  {
    name: 'prereleases of other names',
    tags: `${withPrereleases} 2.0.0-build.1`,
    source: { pre_releases: true, pre_release_prefixes: ['build'] },
    answer: '1.0.0-alpha.1 1.0.0 1.2.1-beta.1 1.2.1 2.0.0-build.1 2.0.0-rc.1 2.0.0',
  },
  {
    name: 'prereleases are not variants',
    tags: '1.0.0-alpha.1 1.0.0-beta.1 1.0.0-rc.1 1.0.0-foo.1',
    source: { pre_releases: true },
    answer: '1.0.0-alpha.1 1.0.0-beta.1 1.0.0-rc.1',
  },
  {
    name: 'prereleases without a dot',
    tags: '1.0.0-alpha1 1.0.0-alpha2 1.0.0-beta1 1.0.0-beta2 1.0.0-rc1 1.0.0-rc2 1.0.0-foo1',
    source: { pre_releases: true },
    answer: '1.0.0-alpha1 1.0.0-alpha2 1.0.0-beta1 1.0.0-beta2 1.0.0-rc1 1.0.0-rc2',
  },
  {
    name: 'prereleases without a number',
    tags: '1.0.0-alpha 1.0.0-beta 1.0.0-rc 1.0.0-foo',
    source: { pre_releases: true },
    answer: '1.0.0-alpha 1.0.0-beta 1.0.0-rc',
  },
  {
    name: 'the final version before its prereleases',
    tags: '1.0.0-rc.1=2 1.0.0-rc1=2 1.0.0-rc=2 1.0.0=2',
    source: { pre_releases: true },
    answer: '1.0.0',
  },
  {
    name: 'the most exact of several tags',
    tags: '1=1 2=2 2.1=2 latest=3 3=3 3.2=3 3.2.1=3 3.1=4 3.1.0=4 3.0=5 3.0.0=5',
    answer: '1 2.1 3.0.0 3.1.0 3.2.1',
  },
  { name: 'latest with an image of its own', tags: '1.0.0=1 latest=3', answer: '1.0.0 latest' },
  { name: 'latest on the newest version', tags: '1=1 2=2 3=3 latest=3', answer: '1 2 3' },
  { name: 'latest on an older version', tags: '1=1 2=2 latest=2 3=3', answer: '1 2 3' },
  {
    name: 'a variant',
    tags: 'latest=1 1.0.0=1 0.9.0=2 foo=3 1.0.0-foo=3 0.9.0-foo=4 bar=5 1.0.0-bar=5 0.9.0-bar=6',
    source: { variant: 'foo' },
    answer: '0.9.0-foo 1.0.0-foo',
  },
  {
    name: 'a variant whose bare tag has an image of its own',
    tags: 'latest=1 1.0.0=1 0.9.0=2 foo=3 0.8.0-foo=4 bar=5 1.0.0-bar=5',
    source: { variant: 'foo' },
    answer: '0.8.0-foo foo',
  },
  {
    name: 'variants are no prereleases',
    tags: '1.0.0-foo 1.0.0-rc.1-foo 1.0.0-bar-foo 1.0.0-rc.1-bar-foo',
    source: { variant: 'foo', pre_releases: true },
    answer: '1.0.0-rc.1-foo 1.0.0-foo',
  },
  {
    name: 'prereleases of other names, and suffixes before the variant',
    tags: '1.0.0-build-foo 1.0.0-rc.1-foo 1.0.0-bar-foo 1.0.0-rc.1-bar-foo',
    source: { variant: 'foo', pre_releases: true, pre_release_prefixes: ['build'] },
    answer: '1.0.0-build-foo 1.0.0-rc.1-foo 1.0.0-rc.1-bar-foo',
  },
  {
    name: 'many variants',
    tags: manyVariants,
    source: { variant: 'foo', pre_releases: true },
    answer: '1.0.0-alpha.1-foo 1.0.0-beta.1-foo 1.0.0-rc.1-foo 1.0.0-foo',
  },
  { name: 'equal versions as they are listed', tags: '1.2.0 1.2 1', answer: '1 1.2.0 1.2' },
  { name: 'a cursor on an alias', tags: '1.2=1 1.2.3=1 1.3=2', cursor: '1.2=1', answer: '1.2.3 1.3' },
  { name: 'numbers beyond 64 bits are no versions', tags: '18446744073709551616 1.0.0', answer: '1.0.0' },
  {
    name: 'numbers that no double can hold',
    tags: '9007199254740993.0.0 9007199254740992.0.0',
    answer: '9007199254740992.0.0 9007199254740993.0.0',
  },
];
