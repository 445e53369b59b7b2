// Locks on files and directories, held by one writer of a machine at a time, and removed by each.
import { once } from 'node:events';
import { stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { basename, dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { errorCode, UserError } from '../errors.ts';
import { digestOf } from '../oci/digest.ts';

/** Ends a lock. */
export type Unlock = () => void;

/** How often a lock that another process holds is tried again, in milliseconds. */
const retryInterval = 10;
/** How often a lock is tried: for about a minute. */
const maximumTries = 6_000;

/** Locks a directory, whatever path leads to it; undefined while another process, or this one, holds the lock. */
export async function lockOfDirectory(directory: string): Promise<Unlock | undefined> {
  const { dev, ino } = await stat(directory, { bigint: true });
  return await lock(`${dev}-${ino}`);
}

/** Locks the name of a file, which need not exist, in its directory; undefined while the lock is held. */
export async function lockOfFile(path: string): Promise<Unlock | undefined> {
  const { dev, ino } = await stat(dirname(path), { bigint: true });
  return await lock(`${dev}-${ino}-${digestOf(basename(path)).slice(7, 39)}`);
}

/**
 * Runs an action while the name of a file is locked, and waits for that as long as others hold the lock. Throws a UserError
 * when they do not end.
 */
export async function whileLocked<Result>(path: string, action: () => Promise<Result>): Promise<Result> {
  for (let tries = 0; tries < maximumTries; tries++) {
    const unlock = await lockOfFile(path);
    if (unlock) {
      try {
        return await action();
      } finally {
        unlock();
      }
    }
    await delay(retryInterval);
  }
  throw new UserError(`another process writes ${path}, and does not end`, {
    hint: 'wait for it, or end it, and run this again',
  });
}

/**
 * The lock is a socket in the abstract namespace of Linux (unix(7)), which leaves no file: the kernel releases it when the
 * process ends, however it ends. Other systems have no such sockets, and no lock.
 */
async function lock(name: string): Promise<Unlock | undefined> {
  if (process.platform !== 'linux') {
    return () => {};
  }
  const server = createServer((connection) => connection.destroy()).unref();
  server.listen(`\0registry-image-${name}`);
  try {
    await once(server, 'listening');
  } catch (cause) {
    // A sandbox may forbid sockets of this kind: then nothing keeps two writers apart.
    return errorCode(cause) === 'EADDRINUSE' ? undefined : () => {};
  }
  return () => {
    server.close();
  };
}
