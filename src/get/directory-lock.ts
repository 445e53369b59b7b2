// A lock on the directory of a get, so that two gets at once do not mix their files in it.
import { once } from 'node:events';
import { stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { errorCode, UserError } from '../errors.ts';

/**
 * Locks a directory for this process until the returned function is called. Throws a UserError when another process has
 * locked it. The lock is a socket in the abstract namespace of Linux (unix(7)), which leaves no file behind: the kernel
 * releases it when the process ends, however it ends. Other systems have no such sockets, and no lock.
 */
export async function lockDirectory(directory: string): Promise<() => void> {
  if (process.platform !== 'linux') {
    return () => {};
  }
  const { dev, ino } = await stat(directory, { bigint: true });
  const server = createServer((connection) => connection.destroy()).unref();
  server.listen(`\0registry-image-get-${dev}-${ino}`);
  try {
    await once(server, 'listening');
  } catch (cause) {
    if (errorCode(cause) === 'EADDRINUSE') {
      throw new UserError(`another get is writing into ${JSON.stringify(directory)}`, {
        hint: 'use a directory of its own for each get, or start it after the other one has ended',
      });
    }
    // A sandbox may forbid sockets of this kind: then nothing keeps two gets apart.
    return () => {};
  }
  return () => {
    server.close();
  };
}
