// The main job in a minute, on this machine only: push an image under version tags, find it, fetch it. `--keep` leaves the registry up.
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { digestOf } from '../../src/oci/digest.ts';
import { mediaTypes } from '../../src/oci/media-type.ts';
import { dockerArchive } from './image-files.ts';
import { buildImage } from './images.ts';
import { directory, file, type Layer, type LayerEntry, tarOf } from './layers.ts';
import { startRegistry, type TestRegistry } from './registry.ts';
import { type ExecutableName, runExecutable } from './run.ts';

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Runs an executable and shows what a worker would see: the request, what goes to stderr, the answer. */
async function show(name: ExecutableName, request: object, argument?: string): Promise<string> {
  say(`\n$ echo '${JSON.stringify(request)}' | bin/${name}${argument ? ` ${argument}` : ''}`);
  const { status, stdout, stderr } = await runExecutable(name, {
    request,
    ...(argument ? { directory: argument } : {}),
  });
  process.stdout.write(stderr.replace(/^(?=.)/gm, '  | '));
  if (status !== 0) {
    throw new Error(`bin/${name} ended with status ${status}`);
  }
  process.stdout.write(`  ${stdout}`);
  return stdout;
}

/** A gzip layer whose bytes, and so its digest, are the same with every zlib: stored, without the name of the system. */
async function storedLayer(entries: readonly LayerEntry[]): Promise<Layer> {
  const tar = await tarOf(entries);
  const bytes = gzipSync(tar, { level: 0 });
  bytes[9] = 0xff;
  return {
    mediaType: mediaTypes.dockerLayerGzip,
    bytes,
    digest: digestOf(bytes),
    tar,
    diffId: digestOf(tar),
  };
}

async function makeImage(greeting: string): Promise<Buffer> {
  const layer = await storedLayer([
    directory('etc'),
    file('etc/greeting', `${greeting}\n`),
    file('bin/hello', '#!/bin/sh\ncat /etc/greeting\n', { mode: 0o755 }),
  ]);
  const image = await buildImage({
    format: 'docker',
    layers: [layer],
    run: { Env: ['PATH=/bin'], Entrypoint: ['/bin/hello'], Labels: { greeting } },
  });
  return await dockerArchive(image, { layout: 'compressed' });
}

async function showFiles(folder: string): Promise<void> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  for (const path of paths.sort()) {
    say(`  ${path.slice(folder.length + 1).padEnd(20)} ${JSON.stringify(await readFile(path, 'utf8'))}`);
  }
}

async function demonstrate(registry: TestRegistry, work: string): Promise<void> {
  const source = { repository: `${registry.host}/team/hello`, label_regex: 'greeting' };
  const build = join(work, 'build');
  await mkdir(build);

  say('\n== out: push a "docker save" tarball as version 1.2.3 and move its aliases');
  await writeFile(join(build, 'image.tar'), await makeImage('hello'));
  await show('out', { source, params: { image: '*.tar', version: '1.2.3', bump_aliases: true } }, build);

  say('\n== out: 2.0.0, then a fix for 1.2: latest moves only with the newest version');
  await writeFile(join(build, 'image.tar'), await makeImage('hello again'));
  await show('out', { source, params: { image: '*.tar', version: '2.0.0', bump_aliases: true } }, build);
  await writeFile(join(build, 'image.tar'), await makeImage('hello, fixed'));
  await show('out', { source, params: { image: '*.tar', version: '1.2.4', bump_aliases: true } }, build);
  say(`\nThe registry now has the tags ${registry.tags('team/hello').join(', ')}.`);

  say('\n== check: which versions exist? One answer for each image, oldest first');
  await show('check', { source });
  const [version] = JSON.parse(
    await show('check', { source: { ...source, semver_constraint: '1.2.x' } }),
  ).slice(-1);

  say('\n== in: fetch exactly that digest as a root file system');
  const get = join(work, 'get');
  await mkdir(get);
  await show('in', { source, version }, get);
  say(`\n${get} now holds:`);
  await showFiles(get);
}

/** Waits for Ctrl-C, or for the signal of whoever started the demo. */
async function keepUp(host: string): Promise<void> {
  say(`\nThe registry stays up at ${host}; press Ctrl-C to end it.`);
  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
}

const { keep, port } = parseArgs({
  options: { keep: { type: 'boolean', default: false }, port: { type: 'string', default: '0' } },
}).values;
const registry = await startRegistry({ port: Number(port) }).catch((error: unknown) => {
  process.stderr.write(`cannot listen on port ${port}: ${error instanceof Error ? error.message : error}\n`);
  process.exit(1);
});
const work = await mkdtemp(join(tmpdir(), 'demo-'));
try {
  say(
    `A registry runs at ${registry.host}; it is empty and ends ${keep ? 'when you press Ctrl-C' : 'with this demo'}.`,
  );
  await demonstrate(registry, work).finally(() => rm(work, { recursive: true, force: true }));
  if (keep) {
    await keepUp(registry.host);
  }
} finally {
  await registry.close();
}
