// Archives byte by byte, well formed or not: what no ordinary tar writer would write must be testable too.

/** A member; fields that are left out get what an ordinary writer would put there. */
export interface Member {
  readonly name?: string | Buffer;
  /** The type flag; a regular file unless given. */
  readonly type?: string;
  readonly content?: string | Buffer;
  readonly link?: string | Buffer;
  readonly mode?: number;
  readonly uid?: number | Buffer;
  readonly gid?: number | Buffer;
  readonly mtime?: number | Buffer;
  /** What the header says; the content decides unless given. */
  readonly size?: number | Buffer;
  readonly dialect?: 'ustar' | 'gnu' | 'v7';
  readonly prefix?: string;
  /** Changes header bytes before the checksum is computed. */
  readonly patch?: (header: Buffer) => void;
  /** Changes header bytes after that. */
  readonly spoil?: (header: Buffer) => void;
  /** Records of an extended header in front. */
  readonly pax?: Readonly<Record<string, string | Buffer>>;
}

const magics = { ustar: 'ustar\u000000', gnu: 'ustar  \0', v7: '' };

function octal(value: number | Buffer, width: number): Buffer {
  return typeof value === 'number' ? Buffer.from(`${value.toString(8).padStart(width - 1, '0')}\0`) : value;
}

function put(block: Buffer, at: number, bytes: string | Buffer, width: number): void {
  Buffer.from(bytes as string).copy(block, at, 0, width);
}

/** A number in base-256, two's complement, as GNU tar writes what octal digits cannot hold. */
export function base256(value: bigint, width: number): Buffer {
  const bytes = Buffer.alloc(width);
  for (let at = width - 1, rest = value; at >= 0; at -= 1, rest >>= 8n) {
    bytes[at] = Number(BigInt.asUintN(8, rest));
  }
  bytes[0] = value < 0n ? 0xff : (bytes[0] ?? 0) | 0x80;
  return bytes;
}

/** The 512 bytes in front of a member. */
export function header(member: Member): Buffer {
  const { content = '', dialect = 'ustar', type = '0' } = member;
  const block = Buffer.alloc(512);
  put(block, 0, member.name ?? '', 100);
  put(block, 100, octal(member.mode ?? (type === '5' ? 0o755 : 0o644), 8), 8);
  put(block, 108, octal(member.uid ?? 0, 8), 8);
  put(block, 116, octal(member.gid ?? 0, 8), 8);
  put(block, 124, octal(member.size ?? Buffer.byteLength(content), 12), 12);
  put(block, 136, octal(member.mtime ?? 1_600_000_000, 12), 12);
  put(block, 156, type, 1);
  put(block, 157, member.link ?? '', 100);
  put(block, 257, magics[dialect], 8);
  put(block, 345, member.prefix ?? '', 155);
  member.patch?.(block);
  block.fill(' ', 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0);
  put(block, 148, `${sum.toString(8).padStart(6, '0')}\0 `, 8);
  member.spoil?.(block);
  return block;
}

/** Content filled up with zeros to whole blocks. */
export function padded(content: string | Buffer): Buffer {
  const bytes = Buffer.from(content as string);
  return Buffer.concat([bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)]);
}

/** One record of an extended header with the right length in front. */
export function paxRecord(keyword: string, value: string | Buffer): Buffer {
  const rest = Buffer.concat([Buffer.from(` ${keyword}=`), Buffer.from(value as string), Buffer.from('\n')]);
  let length = rest.length;
  while (String(length).length + rest.length !== length) {
    length = String(length).length + rest.length;
  }
  return Buffer.concat([Buffer.from(String(length)), rest]);
}

/** A member with everything that belongs to it. */
export function member(given: Member): Buffer {
  const parts: Buffer[] = [];
  if (given.pax) {
    const records = Buffer.concat(Object.entries(given.pax).map(([key, value]) => paxRecord(key, value)));
    parts.push(member({ name: 'PaxHeaders/0', type: 'x', content: records }));
  }
  parts.push(header(given), padded(given.content ?? ''));
  return Buffer.concat(parts);
}

/** Two blocks of zeros. */
export const endMarker: Buffer = Buffer.alloc(1024);

/** An archive of the members in their order with its end marker. */
export function archive(...members: readonly Member[]): Buffer {
  return Buffer.concat([...members.map(member), endMarker]);
}
