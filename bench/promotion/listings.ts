// Starts the registries that list the images of a large promotion, as a process.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fleetSize } from './manifest-tree.ts';

/** Running registries: the first host has the images. */
export interface Listings extends AsyncDisposable {
  readonly hosts: readonly string[];
  /** Lets all hosts have the images. */
  fill(): Promise<void>;
}

/** Starts one registry with a number of images, by default those of a large promotion, and 22 without. */
export async function startListings(images: number = fleetSize.images): Promise<Listings> {
  const child = spawn(
    process.execPath,
    [join(import.meta.dirname, 'listing-process.ts'), '--images', String(images)],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  const lines = createInterface({ input: child.stdout });
  const [hosts] = await once(lines, 'line');
  return {
    hosts: String(hosts).split(' '),
    async fill() {
      const filled = once(lines, 'line');
      child.stdin.write('fill\n');
      await filled;
    },
    async [Symbol.asyncDispose]() {
      const ended = once(child, 'exit');
      child.stdin.end();
      await ended;
    },
  };
}
