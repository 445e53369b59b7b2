// What a source says that has no effect, as upstream lets it pass: told, since hardly anybody means it. Pure.
import type { Source } from './source.ts';

/** One line for each thing that has no effect in any command. No line holds a secret. */
export function sourceWarnings(source: Source): string[] {
  const logins = [
    { ...source, where: 'source' },
    ...source.registryMirrors.map((mirror) => ({
      ...mirror,
      where: `source.registry_mirror on ${JSON.stringify(mirror.host)}`,
    })),
  ];
  return [
    ...(source.awsEcrRegistryId === ''
      ? []
      : ['source.aws_ecr_registry_id is deprecated and has no effect: remove it']),
    ...logins.flatMap(halfCredential),
  ];
}

/** The same for keys that only a check reads, of which one overrides others. */
export function overriddenKeys(source: Source): string[] {
  const winner = source.tag !== '' ? 'tag' : source.tagRegex !== '' ? 'tag_regex' : undefined;
  const semverKeys = [
    source.variant !== '' && 'variant',
    source.semverConstraint !== '' && 'semver_constraint',
    source.preReleases && 'pre_releases',
    source.preReleasePrefixes.length > 0 && 'pre_release_prefixes',
  ];
  const patternKeys = [source.tagRegex !== '' && 'tag_regex', source.createdAtSort && 'created_at_sort'];
  const ignored = [...semverKeys, ...(winner === 'tag' ? patternKeys : [])].filter((key) => key !== false);
  return winner === undefined || ignored.length === 0
    ? []
    : [`source.${winner} is set, so check goes by it alone and ignores ${ignored.join(', ')}`];
}

/** Upstream asks anonymously then; most often a variable of the pipeline is empty. */
function halfCredential({
  username,
  password,
  where,
}: {
  readonly username: string;
  readonly password: string;
  readonly where: string;
}): string[] {
  if ((username === '') === (password === '')) {
    return [];
  }
  const [there, missing] = username === '' ? ['password', 'username'] : ['username', 'password'];
  return [`${where} has a ${there} but no ${missing}: neither is used, the registry is asked anonymously`];
}
