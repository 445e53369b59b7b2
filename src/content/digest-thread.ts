// The digests of large content, computed in threads of their own: the main thread receives and writes in the meantime.
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { type Digest, parseDigest } from '../oci/digest.ts';

/** A digest that is being computed. */
export interface DigestInProgress {
  /** Adds bytes, which may be changed afterwards. Returns a promise when it must be waited for before more are added. */
  update(bytes: Uint8Array): Promise<void> | undefined;
  /** The digest of all bytes. Rejects after `abandon`, and when the thread that computes it has failed. */
  finish(): Promise<Digest>;
  /** Forgets the bytes: the digest is not needed. Does nothing after `finish`. */
  abandon(): void;
}

/** The digest is asked for of content that was not read to its end. */
export class AbandonedDigestError extends Error {
  override readonly name = 'AbandonedDigestError';
  override readonly message = 'the digest was abandoned';
}

/** Bytes that are handed over at a time. */
const slotSize = 128 * 1024;
/** Slots of all digests of a thread together. */
const slotCount = 16;
/** The bound keeps the memory small on machines with many cores: a thread takes about 25 MB. */
const maximumThreads = Math.min(availableParallelism(), 3);

/** What the thread is sent: bytes for a digest in a slot, the end of a digest, or that it is given up. */
type Order =
  | { readonly id: number; readonly slot: number; readonly length: number }
  | { readonly id: number; readonly end: 'finish' | 'abandon' };

type Answer = { readonly slot: number } | { readonly id: number; readonly hex: string };

// Text and not a file: the native executable has one file, and the bundle runs from any folder.
const program = `
const { parentPort, workerData } = require('node:worker_threads');
const { createHash } = require('node:crypto');
const slots = workerData.map((buffer) => new Uint8Array(buffer));
const hashes = new Map();
parentPort.on('message', ({ id, slot, length, end }) => {
  const hash = hashes.get(id) ?? createHash('sha256');
  if (end === undefined) {
    hashes.set(id, hash.update(slots[slot].subarray(0, length)));
    parentPort.postMessage({ slot });
    return;
  }
  hashes.delete(id);
  if (end === 'finish') {
    parentPort.postMessage({ id, hex: hash.digest('hex') });
  }
});`;

class DigestThread {
  readonly #worker: Worker;
  readonly #slots: readonly Uint8Array[];
  readonly #free: number[] = [];
  /** Digest → the slot that is being filled for it. */
  readonly #filling = new Map<number, { readonly slot: number; length: number }>();
  readonly #waiting: ((failure?: Error) => void)[] = [];
  readonly #finishing = new Map<number, { resolve(hex: string): void; reject(error: Error): void }>();
  #failure: Error | undefined;
  #nextId = 0;
  /** Digest → the size of its content. */
  readonly #open = new Map<number, number>();
  #load = 0;

  constructor() {
    const buffers = Array.from({ length: slotCount }, () => new SharedArrayBuffer(slotSize));
    this.#slots = buffers.map((buffer) => new Uint8Array(buffer));
    this.#free.push(...this.#slots.keys());
    this.#worker = new Worker(program, { eval: true, workerData: buffers });
    this.#worker.unref();
    this.#worker.on('message', (answer: Answer) => this.#receive(answer));
    this.#worker.on('error', (error: Error) => this.#fail(error));
    this.#worker.on('exit', () => this.#fail(new Error('the thread that computes digests has ended')));
  }

  get hasFailed(): boolean {
    return this.#failure !== undefined;
  }

  /** The bytes of all contents whose digests are open. */
  get load(): number {
    return this.#load;
  }

  begin(size: number): DigestInProgress {
    const id = this.#nextId++;
    // The process must not end while a digest is open, and may while none is.
    this.#worker.ref();
    this.#open.set(id, size);
    this.#load += size;
    return {
      update: (bytes) => {
        const taken = this.#fill(id, bytes);
        return taken < bytes.length ? this.#fillLater(id, bytes.subarray(taken)) : undefined;
      },
      finish: async () => {
        if (!this.#open.has(id)) {
          // The thread would take it for a digest of no bytes.
          throw new AbandonedDigestError();
        }
        try {
          return parseDigest(`sha256:${await this.#finish(id)}`);
        } finally {
          this.#close(id);
        }
      },
      abandon: () => {
        if (this.#open.has(id)) {
          this.#close(id);
          this.#sendFilled(id);
          this.#send({ id, end: 'abandon' });
        }
      },
    };
  }

  #close(id: number): void {
    this.#load -= this.#open.get(id) ?? 0;
    this.#open.delete(id);
    if (this.#open.size === 0) {
      this.#worker.unref();
    }
  }

  /** Copies bytes into slots as far as there are some, and returns how many. */
  #fill(id: number, bytes: Uint8Array): number {
    let taken = 0;
    while (taken < bytes.length) {
      const filling = this.#filling.get(id) ?? this.#startSlot(id);
      if (!filling) {
        break;
      }
      const part = bytes.subarray(taken, taken + slotSize - filling.length);
      this.#slots[filling.slot]?.set(part, filling.length);
      filling.length += part.length;
      taken += part.length;
      if (filling.length === slotSize) {
        this.#sendFilled(id);
      }
    }
    return taken;
  }

  #startSlot(id: number) {
    const slot = this.#free.pop();
    if (slot === undefined) {
      return undefined;
    }
    const filling = { slot, length: 0 };
    this.#filling.set(id, filling);
    return filling;
  }

  async #fillLater(id: number, bytes: Uint8Array): Promise<void> {
    let taken = 0;
    while (taken < bytes.length && this.#open.has(id)) {
      // Others may keep slots that they fill slowly, or only when this digest goes on.
      for (const other of this.#filling.keys()) {
        this.#sendFilled(other);
      }
      await this.#freed();
      if (this.#open.has(id)) {
        taken += this.#fill(id, bytes.subarray(taken));
      }
    }
  }

  /** Resolves when a slot may be free; rejects when none will be any more. */
  #freed(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push((failure) => (failure ? reject(failure) : resolve()));
      this.#wakeIfFailed();
    });
  }

  #sendFilled(id: number): void {
    const filling = this.#filling.get(id);
    if (filling) {
      this.#filling.delete(id);
      this.#send({ id, ...filling });
    }
  }

  #finish(id: number): Promise<string> {
    return new Promise((resolve, reject) => {
      this.#finishing.set(id, { resolve, reject });
      this.#sendFilled(id);
      this.#send({ id, end: 'finish' });
      this.#wakeIfFailed();
    });
  }

  #send(order: Order): void {
    this.#worker.postMessage(order);
  }

  #receive(answer: Answer): void {
    if ('slot' in answer) {
      this.#free.push(answer.slot);
      // All of them: the first may have been abandoned, and would not take the slot.
      this.#wake();
    } else {
      this.#finishing.get(answer.id)?.resolve(answer.hex);
      this.#finishing.delete(answer.id);
    }
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#wakeIfFailed();
  }

  #wakeIfFailed(): void {
    const failure = this.#failure;
    if (failure) {
      this.#wake(failure);
      for (const { reject } of this.#finishing.values()) {
        reject(failure);
      }
      this.#finishing.clear();
    }
  }

  #wake(failure?: Error): void {
    for (const wake of this.#waiting.splice(0)) {
      wake(failure);
    }
  }
}

let threads: DigestThread[] = [];

/**
 * Begins the digest of content of about this size in bytes, in the thread that has the least to do. A thread is started when
 * all that there are have a digest open, as long as there are fewer than cores, and in the place of one that has failed.
 */
export function beginDigestInThread(size: number): DigestInProgress {
  threads = threads.filter((thread) => !thread.hasFailed);
  let least = threads.toSorted((one, other) => one.load - other.load)[0];
  if (least === undefined || (least.load > 0 && threads.length < maximumThreads)) {
    least = new DigestThread();
    threads.push(least);
  }
  return least.begin(size);
}
