// The in command: fetches one digest into a directory.
import { openAccess } from '../access/access.ts';
import { type AskOptions, askMirrors } from '../access/ask-mirrors.ts';
import { type Repositories, type RepositoryAccess, sourceRepositories } from '../access/repositories.ts';
import { type MissingPatience, missingPatience, noPatience } from '../access/retry-policies.ts';
import { errorText, UserError } from '../errors.ts';
import { lockDirectory } from '../get/directory-lock.ts';
import { fetchImage } from '../get/fetch-image.ts';
import type { FetchedImage, ImageDetail } from '../get/fetched-image.ts';
import { clearResult, type Description, writeDescriptions } from '../get/get-result.ts';
import { labelsJson, type MetadataField, metadataJson, selectMetadata } from '../get/image-metadata.ts';
import { waitingTime } from '../get/late-content.ts';
import { type Digest, parseDigest } from '../oci/digest.ts';
import { effectivePlatform } from '../oci/platform.ts';
import { repositoryName, tagReference } from '../oci/reference.ts';
import { compilePattern, type Pattern } from '../policy/pattern.ts';
import { openTransferLog, type TransferLog } from '../process/command-log.ts';
import type { Command, Surroundings } from '../process/surroundings.ts';
import { decodeInRequest, type InRequest } from '../request/request.ts';
import { type Gate, openGate } from '../signing/gate.ts';
import { createDirectory, directoryArgument } from './directory-argument.ts';
import { inResponse } from './response.ts';

/** Fetches the digest of the requested version, from a mirror if possible, and writes the files that describe it. */
export const runIn: Command = async (surroundings) => {
  const directory = directoryArgument(surroundings);
  const request = decodeInRequest(await surroundings.readInput());
  const { log, progress } = openTransferLog(surroundings, request);
  try {
    return { output: await get(request, directory, { surroundings, log, progress }), code: 0 };
  } finally {
    progress.close();
  }
};

async function get(
  request: InRequest,
  directory: string,
  { surroundings, log, progress }: TransferLog & { readonly surroundings: Surroundings },
): Promise<string> {
  const { source, params, version } = request;
  const { signal } = surroundings;
  const patterns = readPatterns(request);
  const digest = readDigest(version.digest);
  const gate =
    source.verify &&
    (await openGate(source.verify, 'source.verify', { clock: surroundings.clock, log, signal }));
  const access = openAccess(source, 'in', surroundings, log);
  const logIn = sourceRepositories(source, access);
  const format = params.skipDownload ? ('none' as const) : params.format;
  await createDirectory(directory);
  const unlock = await lockDirectory(directory);
  try {
    // The files of an earlier or interrupted get must not be taken for the result of this one, even when it fails.
    await clearResult(directory, format, format === 'oci-layout' ? 'blobs' : 'nothing');
    const { origin, mirrors } = await logIn();
    const verified = gate && (await verifyAnywhere(gate, digest, { origin, mirrors }, { log, signal }));
    const shared = {
      digest,
      platform: effectivePlatform(source.platform, params.platform, surroundings.platform),
      format,
      detail: detailFor(request),
      directory,
      repoTag: tagReference(origin.repository, version.tag),
      whole: new Set<Digest>(),
      asRoot: surroundings.userId === 0,
      clock: surroundings.clock,
      log,
      progress,
      signal,
    };
    const fetchFrom = (
      { repository, name, limiter, attempt }: RepositoryAccess,
      patience: MissingPatience,
    ) => {
      const missing = waitingTime(patience, surroundings.clock);
      log.plain(`fetching \x1b[32m${name}\x1b[0m@\x1b[33m${digest}\x1b[0m`);
      return attempt('pull', (session) =>
        fetchImage(session, { ...shared, limiter, missing }).catch((cause: unknown) => {
          throw new UserError(`fetching ${repositoryName(repository)}@${digest}`, { cause });
        }),
      );
    };

    const mirrored = await askMirrors(mirrors, { attempt: 'download from', log, signal }, (mirror) =>
      fetchFrom(mirror, noPatience),
    );
    const image =
      mirrored ??
      (await fetchFrom(origin, missingPatience(surroundings.waits)).catch((cause: unknown) => {
        throw new UserError('download failed', { cause });
      }));
    signal.throwIfAborted();
    await writeDescriptions(directory, descriptionsOf(request, origin.name, image));
    return inResponse(version, [
      { name: 'repository', value: origin.name },
      { name: 'tag', value: version.tag },
      ...(verified === undefined ? [] : [{ name: 'verified', value: verified }]),
      ...patterns.flatMap((select) => select(image)),
    ]);
  } catch (error) {
    await clearResult(directory, format, 'nothing').catch((failure: unknown) => log.warn(errorText(failure)));
    throw error;
  } finally {
    unlock();
    await access.close();
  }
}

/** A signature counts wherever it is found: a mirror need not have what is attached to an image. */
async function verifyAnywhere(
  gate: Gate,
  digest: Digest,
  { origin, mirrors }: Repositories,
  options: Pick<AskOptions, 'log' | 'signal'>,
): Promise<string> {
  const verifyOn = ({ attempt }: RepositoryAccess) =>
    attempt('pull', (session) => gate.verify(session, digest, origin.repository));
  return await gate.settle(
    async () =>
      (await askMirrors(mirrors, { attempt: 'verifying on', ...options }, verifyOn)) ??
      (await verifyOn(origin)),
  );
}

function readDigest(digest: string): Digest {
  try {
    return parseDigest(digest);
  } catch (cause) {
    throw new UserError('version.digest names no image', { cause });
  }
}

/** Selects the metadata of the source: labels, then annotations. Throws a UserError for an invalid pattern. */
function readPatterns({ source }: InRequest): ((image: FetchedImage) => MetadataField[])[] {
  const selectBy = (
    regex: string,
    name: string,
    entries: (image: FetchedImage) => Readonly<Record<string, string>>,
  ) => {
    const pattern: Pattern | undefined = regex === '' ? undefined : compilePattern(regex, name);
    return (image: FetchedImage) => (pattern ? selectMetadata(entries(image), pattern) : []);
  };
  return [
    selectBy(source.labelRegex, 'source.label_regex', ({ config }) => config?.labels ?? {}),
    selectBy(
      source.annotationRegex,
      'source.annotation_regex',
      ({ manifest }) => manifest?.annotations ?? {},
    ),
  ];
}

/** The parts of the image that the patterns select from. */
function detailFor({ source }: InRequest): ImageDetail {
  if (source.labelRegex !== '') {
    return 'config';
  }
  return source.annotationRegex === '' ? 'nothing' : 'manifest';
}

/** The files that describe the image; for Concourse, `metadata.json` marks an unpacked one. */
function descriptionsOf(
  { params, version }: InRequest,
  repository: string,
  { config }: FetchedImage,
): Partial<Record<Description, string>> {
  const { format, skipDownload } = params;
  return {
    tag: version.tag,
    digest: version.digest,
    repository,
    ...(config && !skipDownload && format === 'rootfs' ? { 'metadata.json': metadataJson(config) } : {}),
    ...(config && !skipDownload && format !== 'oci-layout' ? { 'labels.json': labelsJson(config) } : {}),
  };
}
