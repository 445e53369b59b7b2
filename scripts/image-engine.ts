// Builds container images with docker, podman or buildah, and leaves no image without a name behind.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runProgram } from './run-script.ts';

/** The supported programs. They have the same options, apart from those for intermediate images. */
const engines = ['docker', 'podman', 'buildah'];

/** The requested engine, or the first one that works here; docker without its daemon does not work. */
export function workingEngine(requested: string | undefined): string {
  const candidates = requested === undefined ? engines : [requested];
  const found = candidates.find((engine) => spawnSync(engine, ['version'], { stdio: 'ignore' }).status === 0);
  if (found === undefined) {
    throw new Error(`cannot build the image: ${candidates.join(', ')} not installed or not working here`);
  }
  return found;
}

/**
 * Runs `build` of an engine. Afterwards the built image is removed if it has no tag, and so is the previous image of
 * `tag`, unless it has another tag or is in use.
 */
export function buildImage(engine: string, tag: string, buildArguments: readonly string[]): void {
  const directory = mkdtempSync(join(tmpdir(), 'image-id-'));
  const idFile = join(directory, 'id');
  try {
    const previous = imageIds(engine, [tag]);
    const settings = engine === 'docker' ? [] : ['--layers=false', '--force-rm'];
    runProgram(engine, ['build', ...settings, `--iidfile=${idFile}`, ...buildArguments]);
    const ours = [...previous, readId(idFile)];
    for (const id of imageIds(engine, ['--filter', 'dangling=true'])) {
      if (ours.includes(id)) {
        spawnSync(engine, ['rmi', id], { stdio: 'ignore' });
      }
    }
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** The id of the built image; empty where the engine writes none because the build has another output. */
function readId(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return '';
  }
}

function imageIds(engine: string, selection: readonly string[]): string[] {
  const listing = ['images', '--quiet', '--no-trunc', ...selection];
  const { status, stdout } = spawnSync(engine, listing, { encoding: 'utf8' });
  return status === 0 ? stdout.split('\n').filter((line) => line !== '') : [];
}
