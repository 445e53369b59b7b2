// in: fetch exactly one digest into a directory.
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../errors.ts';
import { type Digest, parseDigest } from '../oci/digest.ts';
import { repositoryText } from '../oci/reference.ts';
import { effectivePlatform } from '../policy/effective-platform.ts';
import { compilePattern, type Pattern } from '../policy/pattern.ts';
import { selectMetadata } from '../policy/select-metadata.ts';
import { inAnswer, type MetadataField } from './answer.ts';
import { requireDirectory } from './artifacts.ts';
import { askMirrors } from './ask-mirrors.ts';
import { type FetchedImage, fetchRootfs, removeRootfs } from './fetch-image.ts';
import { labelsText, metadataText } from './image-metadata.ts';
import { isTestRun, type OpenRepository, openRepositories } from './open-repository.ts';
import { decodeInRequest, type InRequest } from './request.ts';
import type { Command } from './surroundings.ts';
import { openTransferLog } from './transfer-log.ts';

/** How long a digest may take to show up in the registry after its push, in milliseconds. */
const missingPatience = 15_000;

/** Everything that a get writes besides the tree, and with which permissions before the umask, as upstream has it. */
const files = [
  { name: 'tag', mode: 0o644 },
  { name: 'digest', mode: 0o644 },
  { name: 'repository', mode: 0o644 },
  { name: 'metadata.json', mode: 0o666 },
  { name: 'labels.json', mode: 0o666 },
] as const;

/** Fetches the digest of the requested version, from a mirror if it can, and describes what was fetched. */
export const runIn: Command = async (surroundings) => {
  const request = decodeInRequest(await surroundings.readInput());
  const { source, params, version } = request;
  const { log, progress } = openTransferLog(surroundings, request);
  const directory = await requireDirectory(surroundings);
  // What an earlier or interrupted get left must not pass for the result of this one, whatever becomes of it.
  await removeResult(directory);
  const patterns = readPatterns(request);
  const digest = readDigest(version.digest);
  const { origin, mirrors, close } = openRepositories(source, 'in', surroundings, log);
  const platform = effectivePlatform(source.platform, params.platform, surroundings.platform);

  const fetchFrom = ({ repository, persistence, open }: OpenRepository, name: string, patience: number) => {
    log.plain(`fetching \x1b[32m${name}\x1b[0m@\x1b[33m${digest}\x1b[0m`);
    return persistence.attempt(async () =>
      fetchRootfs(await open('pull'), {
        digest,
        platform,
        directory,
        asRoot: surroundings.userId === 0,
        missingPatience: isTestRun(surroundings) ? 0 : patience,
        clock: surroundings.clock,
        log,
        progress,
      }).catch((cause: unknown) => {
        throw new UserError(`fetching ${repositoryText(repository)}@${digest}`, { cause });
      }),
    );
  };

  try {
    const mirrored = await askMirrors(mirrors, 'download from', log, (mirror) =>
      fetchFrom(mirror, repositoryText(mirror.repository), 0),
    );
    const image =
      mirrored ??
      (await fetchFrom(origin, source.repository, missingPatience).catch((cause: unknown) => {
        throw new UserError('download failed', { cause });
      }));
    await writeFiles(directory, request, image);
    return inAnswer(version, [
      { name: 'repository', value: source.repository },
      { name: 'tag', value: version.tag },
      ...patterns.flatMap((select) => select(image)),
    ]);
  } finally {
    progress.close();
    await close();
  }
};

function readDigest(text: string): Digest {
  try {
    return parseDigest(text);
  } catch (cause) {
    throw new UserError('version.digest names no image', { cause });
  }
}

/** The metadata that the source asks for, labels before annotations; bad patterns are told here. */
function readPatterns({ source }: InRequest): ((image: FetchedImage) => MetadataField[])[] {
  const selectBy = (
    text: string,
    name: string,
    entries: (image: FetchedImage) => Readonly<Record<string, string>>,
  ) => {
    const pattern: Pattern | undefined = text === '' ? undefined : compilePattern(text, name);
    return (image: FetchedImage) => (pattern ? selectMetadata(entries(image), pattern) : []);
  };
  return [
    selectBy(source.labelRegex, 'source.label_regex', ({ config }) => config.labels),
    selectBy(source.annotationRegex, 'source.annotation_regex', ({ manifest }) => manifest.annotations ?? {}),
  ];
}

async function writeFiles(directory: string, { source, version }: InRequest, image: FetchedImage) {
  const texts: Record<(typeof files)[number]['name'], string> = {
    tag: version.tag,
    digest: version.digest,
    repository: source.repository,
    'metadata.json': metadataText(image.config),
    'labels.json': labelsText(image.config),
  };
  try {
    for (const { name, mode } of files) {
      await writeFile(join(directory, name), texts[name], { mode, flag: 'wx' });
    }
  } catch (cause) {
    await removeResult(directory);
    throw new UserError(`writing into ${JSON.stringify(directory)}`, { cause });
  }
}

/** Removes the tree and the files of a get. */
async function removeResult(directory: string): Promise<void> {
  removeRootfs(directory);
  try {
    await Promise.all(files.map(({ name }) => rm(join(directory, name), { force: true, recursive: true })));
  } catch (cause) {
    throw new UserError(`cannot remove the result of an earlier get from ${JSON.stringify(directory)}`, {
      cause,
    });
  }
}
