// Collects garbage before much memory is needed. The runtimes count buffers little, and so collect them late.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

interface Runtime {
  /** Of the native executable. */
  readonly Bun?: { gc(synchronously: boolean): void };
}

let collectOnNode: (() => void) | undefined;

/**
 * Frees what is not referenced any more, before a document of megabytes is read: one takes ten times its size until it is
 * parsed, and without this that of several documents is held. Takes some 20 ms.
 */
export function collectGarbage(): void {
  const { Bun } = globalThis as typeof globalThis & Runtime;
  if (Bun) {
    Bun.gc(true);
  } else {
    collectOnNode ??= exposedByNode();
    collectOnNode();
  }
}

/**
 * The call that `--expose-gc` exposes. As an option of the process it would cost each start a fifth of its time: Node keeps its own
 * modules compiled, for the usual options alone.
 */
function exposedByNode(): () => void {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc');
}
