// The main job in a minute: push an image under its version tags, find it, fetch it. Everything stays on this machine.
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dockerArchive } from './image-files.ts';
import { buildImage } from './images.ts';
import { directory, file } from './layers.ts';
import { startRegistry } from './registry.ts';
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

async function makeImage(handshake: string): Promise<Buffer> {
  const image = await buildImage({
    layers: [
      [
        directory('etc'),
        file('etc/handshake', `${handshake}\n`),
        file('bin/hello', '#!/bin/sh\ncat /etc/handshake\n'),
      ],
    ],
    run: { Env: ['PATH=/bin'], Entrypoint: ['/bin/hello'], Labels: { handshake } },
  });
  return await dockerArchive(image);
}

async function showFiles(folder: string): Promise<void> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  for (const path of paths.sort()) {
    say(`  ${path.slice(folder.length + 1).padEnd(20)} ${JSON.stringify(await readFile(path, 'utf8'))}`);
  }
}

async function demonstrate(work: string): Promise<void> {
  const registry = await startRegistry();
  try {
    say(`A registry runs at ${registry.host}; it is empty and ends with this demo.`);
    const source = { repository: `${registry.host}/team/hello`, label_regex: 'handshake' };
    const build = join(work, 'build');
    await mkdir(build);

    say('\n== out: push a docker-save tarball as version 1.2.3, and move the aliases that it deserves');
    await writeFile(join(build, 'image.tar'), await makeImage('hello'));
    await show('out', { source, params: { image: '*.tar', version: '1.2.3', bump_aliases: true } }, build);

    say('\n== out: a fix for 1.2, then 2.0.0: latest moves only with the newest');
    await writeFile(join(build, 'image.tar'), await makeImage('hello again'));
    await show('out', { source, params: { image: '*.tar', version: '2.0.0', bump_aliases: true } }, build);
    await writeFile(join(build, 'image.tar'), await makeImage('hello, mended'));
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
  } finally {
    await registry.close();
  }
}

const work = await mkdtemp(join(tmpdir(), 'demo-'));
try {
  await demonstrate(work);
} finally {
  await rm(work, { recursive: true, force: true });
}
