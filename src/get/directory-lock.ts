// A lock on the directory of a get, so that two gets at once do not mix their files in it.
import { lockOfDirectory, type Unlock } from '../disk/path-lock.ts';
import { UserError } from '../errors.ts';

/** Locks a directory until the returned function is called. Throws a UserError when another process has locked it. */
export async function lockDirectory(directory: string): Promise<Unlock> {
  const unlock = await lockOfDirectory(directory);
  if (!unlock) {
    throw new UserError(`another get is writing into ${JSON.stringify(directory)}`, {
      hint: 'use a directory of its own for each get, or start it after the other one has ended',
    });
  }
  return unlock;
}
