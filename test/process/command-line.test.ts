// The options of the commands, which are read before anything else.
import { describe, expect, it } from 'vitest';
import { overviewCommand, withOptions } from '../../src/process/command-line.ts';
import type { Surroundings } from '../../src/process/surroundings.ts';
import { version } from '../../src/version.ts';

/** The output of a command with these arguments; one that runs prints its directory. Nothing else may be used. */
async function outputOf(name: 'check' | 'in' | 'out', ...args: readonly string[]): Promise<string> {
  const surroundings = { arguments: args } as unknown as Surroundings;
  const command = withOptions(name, async ({ arguments: rest }) => ({ output: rest.join(' '), code: 0 }));
  const { output, code } = await command(surroundings);
  expect(code).toBe(0);
  return output;
}

describe.each(['check', 'in', 'out'] as const)('%s', (name) => {
  it.each([['--help'], ['-h'], ['directory', '--help']])('prints its usage with %s', async (...args) => {
    const lines = (await outputOf(name, ...args)).split('\n');
    expect(lines[0]).toMatch(new RegExp(`^Usage: ${name} `));
    const example = lines.find((line) => line.startsWith('  {')) ?? '';
    expect(Object.keys(JSON.parse(example))).toContain('source');
  });

  it('prints its version', async () => {
    expect(await outputOf(name, '--version')).toBe(`${version}\n`);
  });

  it('runs with its directory, also with one that begins with a dash', async () => {
    expect(await outputOf(name, '/tmp/a b')).toBe('/tmp/a b');
    expect(await outputOf(name, '--', '-directory')).toBe('-directory');
  });

  it('refuses an option that does not exist', async () => {
    await expect(outputOf(name, '--directory', 'a')).rejects.toMatchObject({
      message: "Unknown option '--directory'",
      hint: expect.stringContaining(`${name} --help`),
    });
  });
});

it('prints the usage of all commands', async () => {
  const { output } = await overviewCommand({ arguments: ['--help'] as readonly string[] } as Surroundings);
  expect(output).toMatch(/^Usage:\n {2}check .*\n {2}in .*\n {2}out /s);
});
