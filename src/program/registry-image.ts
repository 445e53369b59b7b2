// The program registry-image.
import { runRegistryImage } from '../cli/program.ts';
import { type Program, programOf } from '../process/program.ts';

/** Runs the command of registry-image that the arguments name to its end. */
export const start: Program = programOf('command line', runRegistryImage);
