// check, in and out in the help of registry-image: they run as their own executables do.
import type { Command as Program } from 'commander';

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
