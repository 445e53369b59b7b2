// Limits on how many actions run at the same time.

/** Admits a limited number of holders at a time; the others wait in order. */
export interface Limiter {
  /** Waits for a slot; the returned function frees it. Rejects with the signal's reason when it is aborted before. */
  acquire(signal?: AbortSignal): Promise<() => void>;
}

/** A limiter that admits `limit` holders. */
export function createLimiter(limit: number): Limiter {
  let free = limit;
  const waiting: (() => void)[] = [];
  const release = () => {
    const next = waiting.shift();
    if (next) {
      next();
    } else {
      free++;
    }
  };
  return {
    async acquire(signal) {
      signal?.throwIfAborted();
      if (free > 0) {
        free--;
        return release;
      }
      await new Promise<void>((resolve, reject) => {
        const leave = () => {
          waiting.splice(waiting.indexOf(admit), 1);
          reject(signal?.reason);
        };
        const admit = () => {
          signal?.removeEventListener('abort', leave);
          resolve();
        };
        waiting.push(admit);
        signal?.addEventListener('abort', leave, { once: true });
      });
      return release;
    },
  };
}

/** Admits holders of different sizes; the others wait in order. */
export interface Budget {
  /** Waits until the size fits; the returned function frees it. */
  acquire(size: number): Promise<() => void>;
}

/** A budget that admits holders with `limit` in all, and one that is larger by itself alone. */
export function createBudget(limit: number): Budget {
  let used = 0;
  const waiting: { readonly size: number; readonly admit: () => void }[] = [];
  const admitNext = () => {
    for (let [next] = waiting; next && (used === 0 || used + next.size <= limit); [next] = waiting) {
      waiting.shift();
      used += next.size;
      next.admit();
    }
  };
  return {
    async acquire(size) {
      await new Promise<void>((admit) => {
        waiting.push({ size, admit });
        admitNext();
      });
      return () => {
        used -= size;
        admitNext();
      };
    },
  };
}

/**
 * The results of an action on every item, in the items' order, at most `limit` at a time. The first failure is thrown
 * and nothing new is started after it.
 */
export async function mapConcurrently<Item, Result>(
  items: readonly Item[],
  limit: number,
  action: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  const entries = items.entries();
  let failed = false;
  const work = async () => {
    for (const [position, item] of entries) {
      if (failed) {
        return;
      }
      try {
        results[position] = await action(item);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, work));
  return results;
}
