// The program registry-image: help, version, wrong arguments, and the commands of the resource.
import { describe, expect, it } from 'vitest';
import { createProgram } from '../../src/cli/program.ts';
import { version } from '../../src/version.ts';
import { runCli } from '../support/run-cli.ts';

const commands = createProgram(() => {}).commands.map((command) => command.name());
const ownCommands = commands.filter((name) => !['check', 'in', 'out'].includes(name));

it.each([['--help'], ['-h'], ['help']])('lists every command with %s', async (...args) => {
  const { code, stdout, stderr } = await runCli(args);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  for (const name of commands) {
    expect(stdout).toMatch(new RegExp(`^  ${name} .*\\w`, 'm'));
  }
});

it.each([
  ['copy', ['copy']],
  ['promote', ['promote']],
  ['verify', ['verify']],
  ['cpoy', commands],
  ['--help', commands],
  ['check', commands],
])('describes for the first word %s only what it needs', (word, described) => {
  const { commands: own } = createProgram(() => {}, word);
  expect(own.map((command) => command.name())).toEqual(described);
});

it('prints its version', async () => {
  expect(await runCli(['--version'])).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
});

describe.each(ownCommands)('%s', (name) => {
  it.each([[[name, '--help']], [['help', name]]])(
    'explains its arguments and each of its options with %j',
    async (args) => {
      const { code, stdout, stderr } = await runCli(args);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).toMatch(new RegExp(`^Usage: registry-image ${name} `));
      const options = stdout.split('\nOptions:\n')[1]?.split('\n\n')[0] ?? '';
      expect(stdout).toMatch(/\n\nExit status:\n {2}0 +done.*\n {2}2 .*\n {2}1 .*\n {2}130, 143 .*\n$/);
      expect(stdout).not.toContain('[]');
      for (const line of options.trimEnd().split('\n')) {
        expect(line).toMatch(/^ {2}(-\w, )?--[a-z-]+.* {2}\w|^ {10,}\S/);
      }
    },
  );

  it('refuses an option that it does not have, and names the nearest', async () => {
    const { code, stdout, stderr } = await runCli([name, '--debgu']);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain("unknown option '--debgu'");
    expect(stderr).toMatch(new RegExp(`^hint: .*see registry-image ${name} --help`, 'm'));
  });
});

it.each([
  ['no command', [], /no command is given.*\nhint: see registry-image --help\n$/],
  [
    'a misspelled command',
    ['lss'],
    /unknown command 'lss'.*\nhint: did you mean ls\? see registry-image --help/,
  ],
  ['a misspelled option', ['ls', '--jsn'], /unknown option '--jsn'.*\nhint: did you mean --json\?/],
  [
    'an option of another command',
    ['apply', 'plan.json', '--confirm'],
    /unknown option '--confirm'.*\nhint: --confirm is an option of promote, mirror, cleanup; see registry-image apply --help/,
  ],
  [
    'a manifest without its option',
    ['promote', 'm.yaml'],
    /too many arguments.*m\.yaml.*\nhint: name manifests with --manifest FILE or --thin-manifest-dir DIRECTORY; see/,
  ],
  [
    'an argument that an option with an optional value takes',
    ['mirror', '--allow-tag-moves', 'list.yaml'],
    /missing required argument 'file'.*\nhint: --allow-tag-moves takes the word after it as its value: write it last/,
  ],
  ['a missing argument', ['ls'], /missing required argument 'repository'/],
  ['an argument too many', ['ls', 'a/b', 'c/d'], /too many arguments for 'ls'/],
  ['an option without its value', ['ls', '--config'], /'--config <file>' argument missing/],
  [
    'an option with one value that is given twice',
    ['promote', '--manifest', 'a.yaml', '--manifest=b.yaml'],
    /option '--manifest <file>' is given more than once.*\nhint: see registry-image promote --help/,
  ],
  [
    'an option with an optional value that is given with and without it',
    ['promote', '--allow-tag-moves=^a:', '--allow-tag-moves'],
    /option '--allow-tag-moves \[pattern\]' is given more than once/,
  ],
  [
    'what must not change, given one by one',
    ['diff', 'a.yaml', 'b.yaml', '--forbid', 'removed', '--forbid', 'moved'],
    /option '--forbid <changes>' is given more than once/,
  ],
  [
    'settings without a name',
    ['ls', 'a.test/team/b', '--config', ''],
    /--config is empty.*\nhint: name the settings/,
  ],
  [
    'a manifest without a name',
    ['promote', '--manifest', ''],
    /--manifest is empty.*\nhint: name the manifests/,
  ],
  [
    'thin manifests without a name',
    ['audit', '--thin-manifest-dir='],
    /--thin-manifest-dir is empty.*\nhint: name the manifests/,
  ],
])('fails for %s with nothing on standard output', async (_, args, message) => {
  const { code, stdout, stderr } = await runCli(args);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toMatch(message);
  expect(stderr.match(/ERRO/g)).toHaveLength(1);
});

it.each([
  ['team app', /repository can only contain/],
  ['https://registry.test/team/app', /leave out the scheme: write registry.test\/team\/app/],
  ['registry.test/team/app:1.0', /leave out the tag or digest/],
  ['user:hunter2@registry.test/team/app', /they go into the settings file/],
])('explains on the command line what is wrong with the repository %j', async (name, hint) => {
  const { code, stderr } = await runCli(['ls', name]);
  expect(code).toBe(1);
  expect(stderr).toMatch(hint);
  expect(stderr).not.toContain('hunter2');
});
