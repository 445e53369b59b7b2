// Builds the container image with docker, podman or buildah, and from the same steps a resource type for a worker.
import { execFileSync, spawnSync } from 'node:child_process';
import {
  createReadStream,
  createWriteStream,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join, relative } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { parseArgs } from 'node:util';
import { createGzip } from 'node:zlib';

const root = join(import.meta.dirname, '..');
const { name, version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

/** What can build the image. All take the same options. */
const engines = ['docker', 'podman', 'buildah'];

/** Processors as Node calls them, and as images do. */
const architectures: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' };

/** The first engine that works here; a docker without its daemon does not. */
function chosenEngine(wanted: string | undefined): string {
  const candidates = wanted === undefined ? engines : [wanted];
  const found = candidates.find((engine) => spawnSync(engine, ['version'], { stdio: 'ignore' }).status === 0);
  if (found === undefined) {
    throw new Error(
      `the image can't be built: ${candidates.join(', ')} is not installed, or does not work here`,
    );
  }
  return found;
}

/** The commit that the image is built from; nothing outside of a git clone. */
function revisionLabel(): string[] {
  const { status, stdout } = spawnSync('git', ['rev-parse', 'HEAD'], { cwd: root, encoding: 'utf8' });
  return status === 0 ? ['--label', `org.opencontainers.image.revision=${stdout.trim()}`] : [];
}

const { arch, base, tag, ...options } = parseArgs({
  options: {
    arch: { type: 'string', default: process.arch },
    base: { type: 'string' },
    engine: { type: 'string' },
    tag: { type: 'string', default: `${name}:${version}` },
  },
}).values;
const architecture = architectures[arch];
if (architecture === undefined) {
  throw new Error(`--arch is ${Object.keys(architectures).join(' or ')}, not ${arch}`);
}
const engine = chosenEngine(options.engine);

function run(program: string, ...programArguments: readonly string[]): void {
  execFileSync(program, programArguments, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
}

function build(...result: readonly string[]): void {
  const baseImage = base === undefined ? [] : ['--build-arg', `base_image=${base}`];
  const platform = ['--platform', `linux/${architecture}`];
  run(
    engine,
    'build',
    ...platform,
    ...baseImage,
    ...revisionLabel(),
    ...result,
    '-f',
    'dockerfiles/Dockerfile',
    '.',
  );
}

function buildNative(processor: string): void {
  run('npm', 'run', 'build:native', '--', `--arch=${processor}`);
}

buildNative(arch);
build('-t', tag);

// A worker knows a resource type of its own by a directory with these two files.
const resourceType = join(root, 'dist', 'image', architecture, 'registry-image');
const tar = join(resourceType, 'rootfs.tar');
const archive = join(resourceType, 'rootfs.tgz');
const metadata = { type: 'registry-image', version, privileged: false, unique_version_history: false };
rmSync(resourceType, { recursive: true, force: true });
mkdirSync(resourceType, { recursive: true });
build('--output', `type=tar,dest=${tar}`);
await pipeline(createReadStream(tar), createGzip({ level: 9 }), createWriteStream(archive));
rmSync(tar);
writeFileSync(join(resourceType, 'resource_metadata.json'), `${JSON.stringify(metadata, null, 2)}\n`);

// dist/native is what runs here: tests and users go on with it.
if (arch !== process.arch) {
  buildNative(process.arch);
}

const megabytes = (statSync(archive).size / 1e6).toFixed(1);
console.log(`${tag} for linux/${architecture} was built with ${engine}: ${megabytes} MB compressed`);
console.log(`the same as a resource type for workers: ${relative(root, resourceType)}`);
