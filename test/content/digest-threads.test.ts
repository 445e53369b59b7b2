// The threads that compute digests: how many there are, and what becomes of digests when one ends before its time.
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import type { Worker } from 'node:worker_threads';
import { expect, it, onTestFinished } from 'vitest';
import { beginDigestInThread } from '../../src/content/digest-thread.ts';
import { digestOf } from '../../src/oci/digest.ts';

const mebi = 1024 * 1024;
const bytes = Buffer.alloc(9 * mebi, 7);

/** Calls `observe` with each thread that is started, until the function that is returned is called. */
function watchThreads(observe: (thread: Worker) => void): () => void {
  process.on('worker', observe);
  const stop = () => {
    process.off('worker', observe);
  };
  onTestFinished(stop);
  return stop;
}

async function digestOfBytes() {
  const digest = beginDigestInThread(bytes.length);
  await digest.update(bytes);
  return await digest.finish();
}

it('are as many as digests are open at the same time, but no more than cores and three, and serve the digests that follow', async () => {
  const started: Worker[] = [];
  watchThreads((thread) => started.push(thread));
  for (let number = 0; number < 3; number++) {
    expect(await digestOfBytes()).toBe(digestOf(bytes));
  }
  expect(started).toHaveLength(1);
  const all = await Promise.all(Array.from({ length: 9 }, digestOfBytes));
  expect(new Set(all)).toEqual(new Set([digestOf(bytes)]));
  expect(started).toHaveLength(Math.min(availableParallelism(), 3));
  await Promise.all(started.map((thread) => Promise.all([once(thread, 'exit'), thread.terminate()])));
});

it('fail all their digests when they end, whether these wait for them or not; another thread computes the next one', async () => {
  const ended: Promise<unknown>[] = [];
  const stop = watchThreads((thread) => {
    ended.push(once(thread, 'exit'));
    void thread.terminate();
  });
  // The thread would need seconds for all of them.
  const large = Buffer.alloc(256 * mebi);
  const [idle, ...waiting] = Array.from({ length: 9 }, () => beginDigestInThread(large.length));
  const updates = waiting.map((digest) => digest.update(large));
  await Promise.all(updates.map((update) => expect(update).rejects.toThrow('has ended')));
  expect(await Promise.all(ended)).toHaveLength(Math.min(availableParallelism(), 3));
  await expect(idle?.update(large)).rejects.toThrow('has ended');
  await expect(idle?.finish()).rejects.toThrow('has ended');
  stop();
  expect(await digestOfBytes()).toBe(digestOf(bytes));
});
