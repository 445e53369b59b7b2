// check, in and out under the name of registry-image: they run as their own executables do.
import type { Command as Program } from 'commander';
import { withOptions } from '../process/command-line.ts';
import type { Command } from '../process/surroundings.ts';

const loaders: ReadonlyMap<string, () => Promise<Command>> = new Map([
  ['check', async () => withOptions('check', (await import('../command/check.ts')).runCheck)],
  ['in', async () => withOptions('in', (await import('../command/in.ts')).runIn)],
  ['out', async () => withOptions('out', (await import('../command/out.ts')).runOut)],
]);

/** A command of the resource by its name; undefined for any other name. */
export function resourceCommand(name: string): (() => Promise<Command>) | undefined {
  return loaders.get(name);
}

/** Adds the commands of the resource to the help. They read their own arguments. */
export function defineResourceCommands(program: Program): void {
  program.command('check').description('find versions of an image: a request on standard input');
  program
    .command('in')
    .description('fetch a version of an image: a request on standard input')
    .argument('<directory>', 'where the image goes');
  program
    .command('out')
    .description('publish an image: a request on standard input')
    .argument('<directory>', 'where params.image is looked for');
}
