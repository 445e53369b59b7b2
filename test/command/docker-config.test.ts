// A docker_config that cannot be used: an error of check, in and out before any request, as all bad input is.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { runCheck } from '../../src/command/check.ts';
import { runIn } from '../../src/command/in.ts';
import { runOut } from '../../src/command/out.ts';
import { writeOciLayout } from '../support/image-files.ts';
import { buildImage, seed } from '../support/images.ts';
import { startRegistry } from '../support/registry.ts';
import { runCommand } from '../support/run-command.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const image = await buildImage();

const commands = [
  { command: 'check', run: runCheck, request: {} },
  { command: 'in', run: runIn, request: { version: { tag: 'latest', digest: image.digest } } },
  { command: 'out', run: runOut, request: { params: { image: 'oci' } } },
] as const;

type Config = (host: string, directory: string) => unknown;

const configs: readonly (readonly [what: string, config: Config, message: string])[] = [
  ['truncated', () => '{"auths": {"a.test": {"auth": "topsecret', 'it is not JSON'],
  ['with a list for auths', () => ({ auths: [] }), 'auths in it is not an object'],
  ['with an entry that is no base64', (host) => ({ auths: { [host]: { auth: '?' } } }), 'is not the base64'],
  ['at a path without a file', (_, directory) => join(directory, 'none'), 'none", which cannot be read'],
  ['in a file that is not JSON', (_, directory) => join(directory, 'broken'), 'it is not JSON'],
  ['at a relative path', () => 'config.json', 'neither a JSON object nor an absolute path'],
];

const cases = commands.flatMap((each) =>
  configs.map(([what, config, message]) => ({ ...each, what, config, message })),
);

it.each(cases)(
  'a docker_config $what is an error of $command before any request',
  async ({ run, request, config, message }) => {
    await using registry = await startRegistry();
    seed(registry, 'app', 'latest', image);
    const directory = await temporaryDirectory();
    await writeFile(join(directory, 'broken'), '{"auths": ');
    await writeOciLayout(join(directory, 'oci'), image, { singleImageDigest: true });
    const source = {
      repository: `${registry.host}/app`,
      tag: 'latest',
      docker_config: config(registry.host, directory),
    };
    const { answer, stderr } = await runCommand(run, { request: { source, ...request }, directory });
    expect(answer).toBeUndefined();
    expect(stderr).toContain(`source.docker_config`);
    expect(stderr).toContain(message);
    expect(stderr).not.toContain('topsecret');
    expect(registry.requests).toEqual([]);
  },
);
