// Hints for users of the resource and of the command line: the next step after a failure, by its code.
import { causes, errorCode, UserError } from '../errors.ts';
import { registryHint } from './registry-hints.ts';

/** Failures of the system that a command runs on, which explain whatever was attempted. */
const systemHints: Readonly<Record<string, string>> = {
  ENOSPC:
    'the disk is full: free or add space on the worker; a put keeps layers that it compresses in TMPDIR until they are pushed',
  EDQUOT: "the quota of the disk is used up: raise it, or free space in the worker's volumes",
  EROFS: 'the file system is read-only: the worker must let the resource write there',
  EACCES: 'the user of the container may not do this: check owner and permissions of the path',
  EMFILE: 'too many files are open: raise the limit of open files (ulimit -n) on the worker',
  ENFILE: 'too many files are open on the worker',
};

/** The same where no worker and no container is involved. */
const commandLineSystemHints: Readonly<Record<string, string>> = {
  ENOSPC:
    'the disk is full: free space there, and in TMPDIR, which keeps layers that are compressed until they are pushed',
  EDQUOT: 'the quota of the disk is used up: raise it, or free space',
  EROFS: 'the file system is read-only: name a path that can be written to',
  EACCES: 'you may not do this: check owner and permissions of the path',
  EMFILE: 'too many files are open: raise the limit of open files (ulimit -n)',
  ENFILE: 'too many files are open on this machine',
};

/** The code of a failure to write the answer: its hint is about that output, whatever the system says. */
const outputFailed = 'OUTPUT_FAILED';
const outputHint = 'standard output did not take the whole answer: check what it is redirected or piped to';

/**
 * Failures for which the hint depends on the keys of a pipeline, which the code that throws does not know. `{name}` stands
 * for a fact of the error.
 */
const pipelineHints: Readonly<Record<string, string>> = {
  REPOSITORY_EMPTY: 'set source.repository, for example "registry.example.com/team/app"',
  REPOSITORY_WITH_TAG: 'put the tag into source.tag; a repository name has no ":" or "@"',
  REPOSITORY_WITH_USER:
    'leave out user and password: they go into source.username and source.password (a tag goes into source.tag)',
  REPOSITORY_WITHOUT_PATH: 'a registry is followed by the path of the repository: {suggestion}',
  REPOSITORY_URL: 'leave out the scheme: write {suggestion}; for a registry without TLS set "insecure: true"',
  MIRROR_HOST_WITH_PATH: 'leave out the scheme and the path',
  MIRROR_HOST_INVALID: 'write host or host:port; a host without a dot needs its port',
  MIRRORED_REGISTRY_INVALID: 'write it as in the repository: host or host:port, without a scheme or path',
  DIGEST_MALFORMED: 'take the digest from an answer of check, or from the registry',
  TAG_LIST_WRONG:
    'which aliases to move depends on the list: ask the operators of the registry, or remove params.bump_aliases',
  TAG_IS_DIGEST: 'a digest goes into version: pin the resource to {tag: …, digest: …} by its key "version"',
  IMMUTABLE_TAG_CONFLICT:
    'push under a new tag, or set params.on_conflict to skip or move; params.immutable_tags may also be patterns',
  DOCKER_CONFIG_INVALID:
    'set it to the content of a config.json as `docker login` writes it, or to the path of such a file',
  DOCKER_CONFIG_UNREADABLE:
    'set it to the path of a config.json in the image of the resource type, or to the content of one',
  DOCKER_HELPER_MISSING: 'add {program} to the image of the resource type, or put the log-in under auths',
  WINDOWS_ROOTFS:
    'its file names need a file system of Windows: set params.format to oci or oci-layout, which keep the layers as they are',
  IMMUTABLE_TAG_UNCLEAR:
    'its answer to a HEAD lacks a type, length or digest: params.immutable_tags cannot work there',
};

/** The same for registry-image. */
const commandLineHints: Readonly<Record<string, string>> = {
  REPOSITORY_EMPTY: 'write a repository as host/path/name, for example registry.example.com/team/app',
  REPOSITORY_WITH_TAG: 'leave out the tag or digest: this is the name of a repository',
  REPOSITORY_WITH_USER: 'leave out user and password: they go into the settings file',
  REPOSITORY_WITHOUT_PATH: 'a registry is followed by the path of the repository: {suggestion}',
  REPOSITORY_URL:
    'leave out the scheme: write {suggestion}; for a registry without TLS set "insecure: true" in the settings file',
  DOCKER_CONFIG_INVALID:
    'have `docker login` write it anew, or give the registry a log-in of its own in the settings file',
  DOCKER_CONFIG_UNREADABLE:
    'docker_config is the absolute path of a config.json, or its content; username and password can stand in its place',
  DOCKER_HELPER_MISSING: 'install {program}, or give the registry a log-in of its own in the settings file',
  DIGEST_MALFORMED: 'write "sha256:" and 64 lower-case hexadecimal digits',
};

/** Where a user reads a hint. */
export type HintSurface = 'pipeline' | 'command line';

interface SurfaceHints {
  /** What `{name}` stands for in hints that differ by these words only. */
  readonly words: Readonly<Record<string, string>>;
  readonly system: Readonly<Record<string, string>>;
  readonly own: Readonly<Record<string, string>>;
}

const surfaceHints: Readonly<Record<HintSurface, SurfaceHints>> = {
  pipeline: {
    words: { here: 'the worker', where: '', slower: ', or a registry_mirror' },
    system: systemHints,
    own: pipelineHints,
  },
  'command line': {
    words: {
      here: 'this machine',
      where: ' in the settings file',
      slower: ', or max_requests_per_second, in the settings file',
    },
    system: commandLineSystemHints,
    own: commandLineHints,
  },
};

/**
 * The next step after a failure: that of an error of the operating system anywhere among the causes, except where the
 * answer could not be written; else the one
 * nearest to the user, which the code of an error stands for or the error states itself. Of an aggregate, the first
 * part that has one counts.
 */
export function hintFor(error: unknown, surface: HintSurface = 'pipeline'): string | undefined {
  return nextStep(error, surface)?.replace(
    /\{(here|where|slower)\}/g,
    (_, name) => surfaceHints[surface].words[name] ?? '',
  );
}

function nextStep(error: unknown, surface: HintSurface): string | undefined {
  const levels = [...causes(error)];
  if (levels.some((level) => errorCode(level) === outputFailed)) {
    return outputHint;
  }
  const system = levels.map((level) => surfaceHints[surface].system[errorCode(level)]);
  return [...system, ...levels.map((level) => ownHint(level, surface))].find((hint) => hint !== undefined);
}

function ownHint(level: unknown, surface: HintSurface): string | undefined {
  if (level instanceof AggregateError) {
    // Plain http was tried, too.
    const parts = level.errors.filter((error) => errorCode(error) !== 'TLS_MISSING');
    return parts.map((error) => nextStep(error, surface)).find((hint) => hint !== undefined);
  }
  if (!(level instanceof UserError)) {
    return registryHint(level);
  }
  const { facts, hint } = level;
  const known = surfaceHints[surface].own[level.code ?? '']?.replace(
    /\{(\w+)\}/g,
    (_, name) => facts[name] ?? '',
  );
  return known ?? registryHint(level) ?? hint;
}
