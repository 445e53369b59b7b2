// Reads regsync's list for mirror (regsync.yml): images, repositories and registries with their filters.
import { UserError } from '../errors.ts';
import { withoutUserInfo } from '../oci/reference.ts';
import { readFields } from '../yaml/yaml-fields.ts';
import type { YamlEntry, YamlMap } from '../yaml/yaml-node.ts';
import type { MirrorEntries } from './mirror-entries.ts';
import {
  atLine,
  type Fields,
  type LineString,
  mapOf,
  readConstraints,
  readMaps,
  readPatterns,
  readRequiredString,
  warnIgnored,
} from './mirror-fields.ts';
import type { TagFilter } from './mirror-list.ts';
import { parseMirrorImage, parseMirrorPrefix } from './mirror-names.ts';
import { platformOf } from './mirror-own-list.ts';
import { canonicalRegistry } from './registry-name.ts';

const limits = 'limits of requests are max_requests_per_second and max_concurrent in the settings file';
const schedules = 'run the command by a scheduler, such as a pipeline';
const referrers = 'everything that is attached to an image travels with it, or nothing with --no-referrers';

/** Keys of an entry of `sync`, and of `defaults`, that ask for what is not done. */
const ignored = {
  backup: 'the tags that move are not kept under another name',
  interval: schedules,
  schedule: schedules,
  ratelimit: limits,
  digestTags: referrers,
  referrers,
  referrerFilters: referrers,
  referrerSource: referrers,
  referrerTarget: referrers,
  referrerSlow: referrers,
  fastCheck: 'a tag that is on the right digest is always left alone',
  forceRecursive: 'a tag that is on the right digest is always left alone',
  includeExternal: 'layers that are kept elsewhere stay there',
  mediaTypes: 'images of all media types are copied',
  hooks: 'no commands are run',
} as const;

const ignoredDefaults = {
  ...ignored,
  parallel: limits,
  blobLimit: limits,
  cacheCount: 'there is nothing to configure',
  cacheTime: 'there is nothing to configure',
  skipDockerConfig: 'an entry of the settings file replaces the config.json of Docker',
  userAgent: 'requests name this program',
} as const;

const syncKeys = ['source', 'target', 'type', 'tags', 'tagSets', 'repos', 'platform', 'platforms'] as const;

type SyncKey = (typeof syncKeys)[number] | keyof typeof ignored;

/** Adds the entries of `{version, creds, defaults, sync}`. */
export function readRegsyncList(root: YamlMap, list: MirrorEntries): void {
  const { problems } = list;
  const known = root.entries.filter(({ key }) => !key.startsWith('x-'));
  const fields = readFields(
    { ...root, entries: known },
    ['version', 'creds', 'defaults', 'sync'],
    problems.error,
  );
  const creds = 'logins and certificates come from the settings file, or from the config.json of Docker';
  warnIgnored(fields, { creds }, problems);
  const version = fields.version?.value;
  if (version?.kind === 'string' && version.value !== '1') {
    problems.error(version.line, 'version must be 1');
  }
  const defaults = fields.defaults && mapOf(fields.defaults.value, 'defaults', problems);
  if (defaults) {
    warnIgnored(
      readFields(defaults, Object.keys(ignoredDefaults), problems.error),
      ignoredDefaults,
      problems,
    );
  }
  for (const step of fields.sync ? readMaps(fields.sync, problems) : []) {
    readStep(step, list);
  }
}

function readStep(step: YamlMap, list: MirrorEntries): void {
  const { problems } = list;
  const keys: readonly string[] = [...syncKeys, ...Object.keys(ignored)];
  const fields: Fields<SyncKey> = readFields(step, keys, problems.error);
  warnIgnored(fields, ignored, problems);
  const reason = 'all platforms are copied; platform chooses a single one';
  warnIgnored(fields, { platforms: reason }, problems);
  const source = readRequiredString(fields.source, 'source', step.line, problems);
  const target = readRequiredString(fields.target, 'target', step.line, problems);
  const type = readRequiredString(fields.type, 'type', step.line, problems);
  const platform = platformOf(fields.platform, list);
  const filters = filtersOf(fields, list);
  const repositories = namesOf(fields.repos, list);
  if (!source || !target || !type) {
    return;
  }
  if (type.value === 'image') {
    list.add({
      source: withLatest(source, list),
      destination: withLatest(target, list),
      tags: [],
      filters: [],
      platform,
    });
  } else if (type.value === 'repository') {
    if (isBare(source, list) && isBare(target, list)) {
      list.add({ source, destination: target, tags: [], filters, platform });
    }
  } else if (type.value === 'registry') {
    const host = atLine(source.line, problems, () => hostOf(source.value));
    const prefix = atLine(target.line, problems, () => parseMirrorPrefix(target.value, 'target'));
    if (host !== undefined && prefix !== undefined) {
      list.entries.push({
        kind: 'registry',
        source: host,
        destination: canonicalRegistry(prefix),
        repositories,
        selection: { kind: 'matching', filters },
        line: source.line,
        ...(platform ? { platform } : {}),
      });
    }
  } else {
    problems.error(type.line, 'type must be image, repository or registry');
  }
}

/** A reference without a tag and a digest means the tag latest to regsync. */
function withLatest(name: LineString, { problems }: MirrorEntries): LineString {
  const image = atLine(name.line, { ...problems, error: () => {} }, () => parseMirrorImage(name.value));
  if (!image || image.tag !== undefined || image.digest !== undefined) {
    return name;
  }
  problems.warning(name.line, `${name.value} has no tag: it is latest, as regsync takes it`);
  return { ...name, value: `${name.value}:latest` };
}

/** Whether a name has no tag and no digest, which is reported; a malformed name is reported later. */
function isBare(name: LineString, { problems }: MirrorEntries): boolean {
  const [, last = ''] = /([^/]*)$/.exec(name.value) ?? [];
  if (/[:@]/.test(last)) {
    problems.error(name.line, `a repository must have no tag and no digest: ${withoutUserInfo(name.value)}`);
    return false;
  }
  return true;
}

function hostOf(text: string): string {
  const prefix = canonicalRegistry(parseMirrorPrefix(text, 'source'));
  if (prefix.includes('/')) {
    throw new UserError(`the source of type registry must be a host, not ${text}`);
  }
  return prefix;
}

/** The filters of tags and tagSets; a tag is copied when one of them admits it. */
function filtersOf({ tags, tagSets }: Fields<SyncKey>, list: MirrorEntries): TagFilter[] {
  const single = tags && mapOf(tags.value, 'tags', list.problems);
  const sets = tagSets ? readMaps(tagSets, list.problems) : [];
  return [...sets, ...(single && single.entries.length > 0 ? [single] : [])].map((set) => {
    const fields = readFields(set, ['allow', 'deny', 'semverRange'], list.problems.error);
    return {
      ...allowDeny(fields, list),
      versions: readConstraints(fields.semverRange, list.problems),
    };
  });
}

function namesOf(repositories: YamlEntry | undefined, list: MirrorEntries) {
  const map = repositories && mapOf(repositories.value, 'repos', list.problems);
  return allowDeny(map ? readFields(map, ['allow', 'deny'], list.problems.error) : {}, list);
}

/** Patterns match whole names, as regsync writes them: `^` before and `$` after them. */
function allowDeny({ allow, deny }: Fields<'allow' | 'deny'>, { problems }: MirrorEntries) {
  return { allow: readPatterns(allow, problems, 'whole'), deny: readPatterns(deny, problems, 'whole') };
}
