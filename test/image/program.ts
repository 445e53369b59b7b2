// Programs that must succeed.
import { type ProgramOptions, runProgram } from '../support/child-process.ts';

/** What a program wrote, without white space around it. Fails with its standard error when its status is not 0. */
export async function outputOf(
  program: string,
  programArguments: readonly string[],
  options: ProgramOptions = {},
): Promise<string> {
  const { status, stdout, stderr } = await runProgram(program, programArguments, options);
  if (status !== 0) {
    throw new Error(`${program} ${programArguments.join(' ')} ended with ${status}: ${stderr || stdout}`);
  }
  return stdout.trim();
}
