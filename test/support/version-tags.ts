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
  { name: 'no version if no tag is a semantic version', tags: 'non-semver-tag', answer: '' },
  {
    name: 'no version if no tag matches tag_regex',
    tags: 'non-matching',
    source: { tag_regex: 'foo.*' },
    answer: '',
  },
  { name: 'latest if no tag is a semantic version', tags: 'non-semver-tag=1 latest=2', answer: 'latest' },
  {
    name: 'the tags that match tag_regex',
    tags: '1.0.0 non-semver-tag gray grey',
    source: { tag_regex: 'gr(a|e)y' },
    answer: 'gray grey',
  },
  {
    name: 'the tags that match tag_regex whatever semver_constraint says',
    tags: '1.0.0 1.2.1 1.2.2 2.0.0 latest gray grey',
    source: { tag_regex: 'gr(a|e)y', semver_constraint: '1.2.x' },
    answer: 'gray grey',
  },
  { name: 'semantic versions and no other tags', tags: '1.0.0 non-semver-tag', answer: '1.0.0' },
  {
    name: 'tags that match tag_regex in the order of the tag list',
    tags: '1.0.0 3bd8a5e-dev 3bd8a5e-stage other 67e3c33-dev 1bd8a5e-dev',
    source: { tag_regex: '^[0-9a-f]{7}-dev$' },
    answer: '3bd8a5e-dev 67e3c33-dev 1bd8a5e-dev',
  },
  {
    name: 'semantic versions in ascending order',
    tags: '2.0.0 1.2.1 1.0.0 1.10.0',
    answer: '1.0.0 1.2.1 1.10.0 2.0.0',
  },
  { name: 'the versions from the cursor on', tags: threeVersions, cursor: '1.2.1=3', answer: '1.2.1 2.0.0' },
  {
    name: 'all versions if the cursor points at another digest now',
    tags: threeVersions,
    cursor: '1.2.1=bogus',
    answer: '1.0.0 1.2.1 2.0.0',
  },
  {
    name: 'all versions if the tag of the cursor does not exist',
    tags: threeVersions,
    cursor: '1.1.0=2',
    answer: '1.0.0 1.2.1 2.0.0',
  },
  {
    name: 'the versions that satisfy semver_constraint, and not latest',
    tags: '1.0.0 1.2.1 1.2.2 v1.2.3 2.0.0 latest',
    source: { semver_constraint: '1.2.x' },
    answer: '1.2.1 1.2.2 v1.2.3',
  },
  { name: 'no prereleases by default', tags: withPrereleases, answer: '1.0.0 1.2.1 2.0.0' },
  {
    name: 'prereleases if pre_releases is set',
    tags: withPrereleases,
    source: { pre_releases: true },
    answer: withPrereleases,
  },
  {
    name: 'prereleases with the names in pre_release_prefixes',
    tags: `${withPrereleases} 2.0.0-build.1`,
    source: { pre_releases: true, pre_release_prefixes: ['build'] },
    answer: '1.0.0-alpha.1 1.0.0 1.2.1-beta.1 1.2.1 2.0.0-build.1 2.0.0-rc.1 2.0.0',
  },
  {
    name: 'no variant as a prerelease',
    tags: '1.0.0-alpha.1 1.0.0-beta.1 1.0.0-rc.1 1.0.0-foo.1',
    source: { pre_releases: true },
    answer: '1.0.0-alpha.1 1.0.0-beta.1 1.0.0-rc.1',
  },
  {
    name: 'prereleases without a dot before the number',
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
    name: 'the final version of a digest that has prereleases too',
    tags: '1.0.0-rc.1=2 1.0.0-rc1=2 1.0.0-rc=2 1.0.0=2',
    source: { pre_releases: true },
    answer: '1.0.0',
  },
  {
    name: 'the most specific of the tags of a digest',
    tags: '1=1 2=2 2.1=2 latest=3 3=3 3.2=3 3.2.1=3 3.1=4 3.1.0=4 3.0=5 3.0.0=5',
    answer: '1 2.1 3.0.0 3.1.0 3.2.1',
  },
  {
    name: 'latest if it points at a digest without a version',
    tags: '1.0.0=1 latest=3',
    answer: '1.0.0 latest',
  },
  { name: 'no latest if it points at the newest version', tags: '1=1 2=2 3=3 latest=3', answer: '1 2 3' },
  { name: 'no latest if it points at an older version', tags: '1=1 2=2 latest=2 3=3', answer: '1 2 3' },
  {
    name: 'the versions of a variant',
    tags: 'latest=1 1.0.0=1 0.9.0=2 foo=3 1.0.0-foo=3 0.9.0-foo=4 bar=5 1.0.0-bar=5 0.9.0-bar=6',
    source: { variant: 'foo' },
    answer: '0.9.0-foo 1.0.0-foo',
  },
  {
    name: 'the bare tag of a variant if it points at a digest without a version',
    tags: 'latest=1 1.0.0=1 0.9.0=2 foo=3 0.8.0-foo=4 bar=5 1.0.0-bar=5',
    source: { variant: 'foo' },
    answer: '0.8.0-foo foo',
  },
  {
    name: 'the prereleases of a variant, and no other variants',
    tags: '1.0.0-foo 1.0.0-rc.1-foo 1.0.0-bar-foo 1.0.0-rc.1-bar-foo',
    source: { variant: 'foo', pre_releases: true },
    answer: '1.0.0-rc.1-foo 1.0.0-foo',
  },
  {
    name: 'prereleases of a variant with the names in pre_release_prefixes, and with more suffixes',
    tags: '1.0.0-build-foo 1.0.0-rc.1-foo 1.0.0-bar-foo 1.0.0-rc.1-bar-foo',
    source: { variant: 'foo', pre_releases: true, pre_release_prefixes: ['build'] },
    answer: '1.0.0-build-foo 1.0.0-rc.1-foo 1.0.0-rc.1-bar-foo',
  },
  {
    name: 'the versions of one of many variants',
    tags: manyVariants,
    source: { variant: 'foo', pre_releases: true },
    answer: '1.0.0-alpha.1-foo 1.0.0-beta.1-foo 1.0.0-rc.1-foo 1.0.0-foo',
  },
  { name: 'equal versions in the order of the tag list', tags: '1.2.0 1.2 1', answer: '1 1.2.0 1.2' },
  {
    name: 'the more specific tag if the cursor is an alias',
    tags: '1.2=1 1.2.3=1 1.3=2',
    cursor: '1.2=1',
    answer: '1.2.3 1.3',
  },
  { name: 'no version with a number beyond 64 bits', tags: '18446744073709551616 1.0.0', answer: '1.0.0' },
  {
    name: 'versions with numbers that no double can represent',
    tags: '9007199254740993.0.0 9007199254740992.0.0',
    answer: '9007199254740992.0.0 9007199254740993.0.0',
  },
];
