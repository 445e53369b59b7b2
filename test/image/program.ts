// Runs a program that must succeed.
import { type ProgramOptions, runProgram } from '../support/child-process.ts';

/** The standard output of a program, trimmed. Rejects with its standard error when its status is not 0. */
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
