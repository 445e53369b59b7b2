// Reads and writes DER (ITU-T X.690), as far as keys and certificates need it.

/** One element: its tag byte, its content, and the offset after it. */
export interface DerElement {
  readonly tag: number;
  readonly content: Buffer;
  readonly end: number;
}

/** The tag bytes of the universal types that are used. */
export const derTag = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  objectId: 0x06,
  utf8String: 0x0c,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

/** The sequence of elements in `bytes`; undefined when `bytes` is not DER. */
export function readDer(bytes: Buffer): readonly DerElement[] | undefined {
  const elements: DerElement[] = [];
  for (let position = 0; position < bytes.length; ) {
    const element = readElement(bytes, position);
    if (!element) {
      return undefined;
    }
    elements.push(element);
    position = element.end;
  }
  return elements;
}

/** The elements of the SEQUENCE at the start of `bytes`; undefined when there is none. Data after it (padding) is ignored. */
export function readSequence(bytes: Buffer): readonly DerElement[] | undefined {
  const outer = readElement(bytes, 0);
  return outer?.tag === derTag.sequence ? readDer(outer.content) : undefined;
}

/** An element with this tag and the parts as its content. */
export function writeDer(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  const length =
    content.length < 0x80
      ? Buffer.from([content.length])
      : content.length < 0x100
        ? Buffer.from([0x81, content.length])
        : Buffer.from([0x82, content.length >> 8, content.length & 0xff]);
  return Buffer.concat([Buffer.from([tag]), length, content]);
}

function readElement(bytes: Buffer, start: number): DerElement | undefined {
  const tag = bytes[start];
  const first = bytes[start + 1];
  if (tag === undefined || first === undefined) {
    return undefined;
  }
  const extra = first < 0x80 ? 0 : first & 0x7f;
  const from = start + 2 + extra;
  if (first === 0x80 || extra > 4 || from > bytes.length) {
    return undefined;
  }
  const length = extra === 0 ? first : bytes.readUIntBE(start + 2, extra);
  const end = from + length;
  return end > bytes.length ? undefined : { tag, content: bytes.subarray(from, end), end };
}
