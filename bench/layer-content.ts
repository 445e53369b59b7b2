// Generates the files of a layer: the same in every run, and about as large and compressible as those of real images.
import type { LayerEntry } from '../test/support/layers.ts';
import { directory, file, symlink } from '../test/support/layers.ts';

/** A generator of numbers from 0 to below 1 that depend on the seed only (mulberry32). */
export function numbersFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

// Chosen so that gzip leaves a third of it, as of the layers of real images; zstd leaves a little less.
const poolSize = 32 * 1024 * 1024;
const pieceSize = 4096;
const noiseShare = 0.07;
const wordCount = 1000;

/** The content of all files: pieces of text from few words, some frequent and most rare, and pieces of random bytes. */
export function contentPool(): Buffer {
  const random = numbersFrom(1);
  const words = Array.from({ length: wordCount }, () => word(random));
  const pool = Buffer.alloc(poolSize);
  for (let at = 0; at < poolSize; at += pieceSize) {
    if (random() < noiseShare) {
      for (let byte = 0; byte < pieceSize; byte += 4) {
        pool.writeUInt32LE(Math.floor(random() * 2 ** 32), at + byte);
      }
    } else {
      let text = '';
      while (text.length < pieceSize) {
        text += `${words[Math.floor(random() ** 2.5 * wordCount)]} `;
      }
      pool.write(text.slice(0, pieceSize), at, 'latin1');
    }
  }
  return pool;
}

function word(random: () => number): string {
  const letters = Array.from({ length: 2 + Math.floor(random() * 16) }, () => 97 + Math.floor(random() * 26));
  return String.fromCharCode(...letters);
}

const filesPerDirectory = 12;
const filesPerLink = 20;

/**
 * About `count` entries with about `size` bytes in total, in a directory for the layer: directories, links, and
 * files, of which most are small and a few contain most of the bytes.
 */
export function* layerEntries(
  layer: number,
  count: number,
  size: number,
  pool: Buffer,
): Generator<LayerEntry> {
  const random = numbersFrom(100 + layer);
  const root = `layer-${layer}`;
  yield directory(root);
  let folder = root;
  const files = Math.round(count / (1 + 1 / filesPerDirectory + 1 / filesPerLink));
  for (let number = 0; number < files; number++) {
    if (number % filesPerDirectory === 0) {
      folder = `${root}/directory-${number}`;
      yield directory(folder);
    }
    // The mean of the eighth power of a number from 0 to 1 is a ninth.
    const length = Math.floor(random() ** 8 * 9 * (size / files));
    const start = Math.floor(random() * (poolSize - length));
    yield file(`${folder}/file-${number}`, pool.subarray(start, start + length));
    if (number % filesPerLink === 0) {
      yield symlink(`${folder}/link-${number}`, `file-${number}`);
    }
  }
}
