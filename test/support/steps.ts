// The steps of a pipeline as processes: a check, a get and a put of one repository, with their results parsed.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { dockerArchive } from './image-files.ts';
import type { Image } from './images.ts';
import { runExecutable } from './run.ts';
import { temporaryDirectory } from './temporary-directory.ts';
import { staticImage } from './test-images.ts';

/** What every step reports. */
interface StepResult {
  readonly status: number | null;
  readonly stderr: string;
}

interface CheckResult extends StepResult {
  readonly versions: readonly { readonly tag: string; readonly digest: string }[] | undefined;
  readonly tags: readonly string[] | undefined;
}

interface GetResult extends StepResult {
  readonly directory: string;
}

interface PutResult extends StepResult {
  readonly version: { readonly tag: string; readonly digest: string } | undefined;
  /** The metadata `tags`. */
  readonly tags: string | undefined;
}

/** A check of `repository` (`host/path`). */
export async function checkStep(
  repository: string,
  source: object = {},
  version?: object,
): Promise<CheckResult> {
  const { status, stdout, stderr } = await runExecutable('check', {
    request: { source: { repository, ...source }, ...(version ? { version } : {}) },
  });
  const versions: CheckResult['versions'] = status === 0 ? JSON.parse(stdout) : undefined;
  return { status, stderr, versions, tags: versions?.map(({ tag }) => tag) };
}

/** A get of a digest into a new directory. */
export async function getStep(
  repository: string,
  digest: string,
  params: object = {},
  source: object = {},
): Promise<GetResult> {
  const directory = await temporaryDirectory();
  const { status, stderr } = await runExecutable('in', {
    request: { source: { repository, ...source }, version: { tag: '1.0', digest }, params },
    directory,
  });
  return { status, stderr, directory };
}

/** A put of an image as a tarball; by default of a small one. */
export async function putStep(
  repository: string,
  params: object,
  { source = {}, image }: { readonly source?: object; readonly image?: Image } = {},
): Promise<PutResult> {
  const directory = await temporaryDirectory();
  writeFileSync(join(directory, 'image.tar'), await dockerArchive(image ?? (await staticImage('pushed'))));
  const { status, stdout, stderr } = await runExecutable('out', {
    request: { source: { repository, ...source }, params: { image: 'image.tar', ...params } },
    directory,
  });
  const answer = status === 0 ? JSON.parse(stdout) : undefined;
  return { status, stderr, version: answer?.version, tags: answer?.metadata[1].value };
}
