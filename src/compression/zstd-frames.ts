// The frames of a zstd stream, followed without decompressing, to detect data that ends early.

const frameMagic = 0xfd2fb528;
const skippableMagic = 0x184d2a50;
const dictionaryIdSizes = [0, 1, 2, 4];
const contentSizeSizes = [0, 2, 4, 8];
const runLengthBlock = 1;

/** Bytes of a frame header after its descriptor (RFC 8878 section 3.1.1.1). */
function restOfFrameHeader(descriptor: number): number {
  const singleSegment = (descriptor & 0x20) !== 0;
  const contentSize = contentSizeSizes[descriptor >> 6] ?? 0;
  const dictionaryId = dictionaryIdSizes[descriptor & 3] ?? 0;
  return (singleSegment ? 0 : 1) + dictionaryId + (contentSize === 0 && singleSegment ? 1 : contentSize);
}

type Part = 'magic' | 'descriptor' | 'block' | 'skippable size' | 'foreign';
const partLengths: Record<Part, number> = {
  magic: 4,
  descriptor: 1,
  block: 3,
  'skippable size': 4,
  foreign: 0,
};

/**
 * Follows the frames of a zstd stream (RFC 8878 section 3.1), skippable ones too. Not every runtime's decompressor
 * reports a stream that ends inside a frame.
 */
export class ZstdFrames {
  #part: Part = 'magic';
  #value = 0;
  #bytes = 0;
  #skip = 0;
  #checksum = false;

  /** Whether the stream may end here. Bytes after the last frame that start no frame are ignored. */
  get complete(): boolean {
    return this.#part === 'foreign' || (this.#part === 'magic' && this.#bytes === 0 && this.#skip === 0);
  }

  /** Takes the next bytes of the stream. */
  push(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length && this.#part !== 'foreign') {
      if (this.#skip > 0) {
        const skipped = Math.min(this.#skip, chunk.length - at);
        this.#skip -= skipped;
        at += skipped;
        continue;
      }
      this.#value += (chunk[at] ?? 0) * 2 ** (8 * this.#bytes);
      this.#bytes += 1;
      at += 1;
      if (this.#bytes === partLengths[this.#part]) {
        const value = this.#value;
        this.#value = 0;
        this.#bytes = 0;
        this.#advance(value);
      }
    }
  }

  #advance(value: number): void {
    switch (this.#part) {
      case 'magic':
        if (value === frameMagic) {
          this.#part = 'descriptor';
        } else {
          this.#part = value - (value % 16) === skippableMagic ? 'skippable size' : 'foreign';
        }
        break;
      case 'descriptor':
        this.#checksum = (value & 4) !== 0;
        this.#skip = restOfFrameHeader(value);
        this.#part = 'block';
        break;
      case 'block': {
        const last = (value & 1) !== 0;
        this.#skip = ((value >> 1) & 3) === runLengthBlock ? 1 : value >> 3;
        if (last) {
          this.#skip += this.#checksum ? 4 : 0;
          this.#part = 'magic';
        }
        break;
      }
      case 'skippable size':
        this.#skip = value;
        this.#part = 'magic';
        break;
    }
  }
}
