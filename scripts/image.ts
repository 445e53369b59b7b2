// `npm run image`: builds the container image for an architecture, and the same as a resource type for workers.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { architectureNamed } from './architecture.ts';
import { hostBun } from './bun.ts';
import { buildImage, workingEngine } from './image-engine.ts';
import { buildNativeExecutable } from './native-executable.ts';
import { repositoryRoot, runProgram, runScript } from './run-script.ts';

await runScript('image', () => {
  const { name, version } = JSON.parse(readFileSync(join(repositoryRoot, 'package.json'), 'utf8'));
  const {
    arch,
    base,
    engine: requestedEngine,
    tag: requestedTag,
  } = parseArgs({
    options: {
      arch: { type: 'string' },
      base: { type: 'string' },
      engine: { type: 'string' },
      tag: { type: 'string' },
    },
  }).values;
  const architecture = architectureNamed(arch);
  const engine = workingEngine(requestedEngine);
  const tag = requestedTag ?? `${name}:${version}-${architecture.image}`;

  runProgram(process.execPath, ['scripts/bundle.js']);
  buildNativeExecutable(architecture);
  const settings = [
    `--platform=linux/${architecture.image}`,
    ...(base === undefined ? [] : [`--build-arg=base_image=${base}`]),
    ...revisionLabel(),
    '--file=dockerfiles/Dockerfile',
  ];
  buildImage(engine, tag, [...settings, `--tag=${tag}`, '.']);

  // A worker's own resource type is a directory with these two files.
  const directory = join(repositoryRoot, 'dist', 'image', architecture.image, 'registry-image');
  const tar = join(directory, 'rootfs.tar');
  const archive = join(directory, 'rootfs.tgz');
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  buildImage(engine, tag, [...settings, `--output=type=tar,dest=${tar}`, '.']);
  runProgram(hostBun(), ['scripts/gzip.js', tar, archive]);
  rmSync(tar);
  const metadata = { type: 'registry-image', version, privileged: false, unique_version_history: false };
  writeFileSync(join(directory, 'resource_metadata.json'), `${JSON.stringify(metadata, null, 2)}\n`);

  const megabytes = (statSync(archive).size / 1e6).toFixed(1);
  console.log(`built ${tag} for linux/${architecture.image} with ${engine}: ${megabytes} MB compressed`);
  console.log(`the same as a resource type for workers: ${relative(repositoryRoot, directory)}`);
});

/** The commit that the image is built from; nothing outside of a git clone. */
function revisionLabel(): string[] {
  const { status, stdout } = spawnSync('git', ['rev-parse', 'HEAD'], {
    cwd: repositoryRoot,
    encoding: 'utf8',
  });
  return status === 0 ? [`--label=org.opencontainers.image.revision=${stdout.trim()}`] : [];
}
