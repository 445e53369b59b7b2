// Standard input, output and error of this process, without the streams of the runtime where they are slow.
import { read, write } from 'node:fs';
import { promisify } from 'node:util';
import { errorCode } from '../errors.ts';
import { createDocumentEnd } from './first-document.ts';

const readFrom = promisify(read);
const writeTo = promisify(write);
/** The file descriptor of standard input. */
export const inputDescriptor = 0;
const outputDescriptor = 1;
const inputSize = 64 * 1024;

/**
 * Standard input up to the chunk in which its first JSON document ends, since a terminal or a pipe may stay open.
 * Rejects with the signal's reason as soon as it is aborted.
 */
export function readStandardInput(signal: AbortSignal): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    readDocument().then(resolve, reject);
  });
}

async function readDocument(): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  const isComplete = createDocumentEnd();
  const add = (chunk: Uint8Array): boolean => {
    chunks.push(chunk);
    return isComplete(chunk);
  };
  // Creating process.stdin takes Bun a quarter of a whole check. In Node it is fast, and a thread that reads the
  // descriptor would delay the end of the process after a signal.
  if (process.versions.bun === undefined || !(await readDirectly(add))) {
    for await (const chunk of process.stdin) {
      if (add(chunk)) {
        break;
      }
    }
  }
  return Buffer.concat(chunks);
}

/** Whether standard input could be read until `add` returns true; if not (it may be non-blocking), a stream must go on. */
async function readDirectly(add: (chunk: Uint8Array) => boolean): Promise<boolean> {
  try {
    for (;;) {
      const chunk = Buffer.allocUnsafe(inputSize);
      const { bytesRead } = await readFrom(inputDescriptor, chunk, 0, inputSize, null);
      if (bytesRead === 0 || add(chunk.subarray(0, bytesRead))) {
        return true;
      }
    }
  } catch {
    return false;
  }
}

/** Writes a whole string to standard output. Fails with the system's error, for example when the reader is gone. */
export async function writeStandardOutput(text: string): Promise<void> {
  let rest: Uint8Array = Buffer.from(text);
  while (rest.length > 0) {
    try {
      rest = rest.subarray((await writeTo(outputDescriptor, rest)).bytesWritten);
    } catch (error) {
      if (!isFull(error)) {
        throw error;
      }
      return await writeStream(process.stdout, rest);
    }
  }
}

/** Whether a non-blocking output takes no more for now: a stream can wait for it. */
function isFull(error: unknown): boolean {
  return errorCode(error) === 'EAGAIN';
}

/** How long a reader of standard error that takes nothing is waited for at the end, in milliseconds. */
const stalledReaderTime = 3_000;
const errorChunkSize = 16 * 1024;

let errorStream: NodeJS.WriteStream | undefined;
let unwrittenChunks = 0;
let onChunkWritten = () => {};

/** Writes a string to standard error, after those before it; a reader that is gone is no failure. */
export function writeStandardError(text: string): void {
  errorStream ??= process.stderr.on('error', () => undefined);
  const bytes = Buffer.from(text);
  // Small chunks, so that a reader that takes some of a long text counts as one that takes something.
  for (let start = 0; start < bytes.length; start += errorChunkSize) {
    unwrittenChunks += 1;
    errorStream.write(bytes.subarray(start, start + errorChunkSize), () => {
      unwrittenChunks -= 1;
      onChunkWritten();
    });
  }
}

/** Waits until the reader of standard error has taken everything, or nothing for some seconds. */
export async function flushStandardError(): Promise<void> {
  while (unwrittenChunks > 0) {
    const before = unwrittenChunks;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, stalledReaderTime);
      onChunkWritten = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    if (unwrittenChunks === before) {
      return;
    }
  }
}

function writeStream(stream: NodeJS.WriteStream, content: string | Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    // A failure comes twice, by the event and by the callback; without a listener the event would end the process.
    stream.on('error', reject);
    stream.write(content, (error) => (error ? reject(error) : resolve()));
  });
}
