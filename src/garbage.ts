// Collects garbage before much memory is needed. The runtimes count buffers little, and so collect them late.

interface Runtime {
  /** Of Node, which the launchers start with `--expose-gc`. */
  readonly gc?: (() => void) | undefined;
  /** Of the native executable. */
  readonly Bun?: { gc(synchronously: boolean): void };
}

/**
 * Frees what is not referenced any more, before a document of megabytes is read: one takes ten times its size until it is
 * parsed, and without this that of several documents is held. Takes some 20 ms. Without effect where the runtime has no
 * such call.
 */
export function collectGarbage(): void {
  const { gc, Bun }: Runtime = globalThis;
  if (Bun) {
    Bun.gc(true);
  } else {
    gc?.();
  }
}
