// Builds tar archives byte by byte, well formed or not, for what no ordinary tar writer writes.

/** A member; absent fields have the values of an ordinary writer. */
export interface Member {
  readonly name?: string | Buffer;
  /** The type flag; by default that of a regular file. */
  readonly type?: string;
  readonly content?: string | Buffer;
  readonly link?: string | Buffer;
  readonly mode?: number;
  readonly uid?: number | Buffer;
  readonly gid?: number | Buffer;
  readonly mtime?: number | Buffer;
  /** The size in the header; by default that of the content. */
  readonly size?: number | Buffer;
  readonly dialect?: 'ustar' | 'gnu' | 'v7';
  readonly prefix?: string;
  /** Changes header bytes before the checksum is computed. */
  readonly patch?: (header: Buffer) => void;
  /** Changes header bytes after the checksum is computed. */
  readonly spoil?: (header: Buffer) => void;
  /** Records of a PAX extended header before the member. */
  readonly pax?: Readonly<Record<string, string | Buffer>>;
}

const magics = { ustar: 'ustar\u000000', gnu: 'ustar  \0', v7: '' };

function octal(value: number | Buffer, width: number): Buffer {
  return typeof value === 'number' ? Buffer.from(`${value.toString(8).padStart(width - 1, '0')}\0`) : value;
}

function put(block: Buffer, at: number, bytes: string | Buffer, width: number): void {
  Buffer.from(bytes as string).copy(block, at, 0, width);
}

/** A number in base-256, two's complement: how GNU tar writes numbers that octal digits cannot hold. */
export function base256(value: bigint, width: number): Buffer {
  const bytes = Buffer.alloc(width);
  for (let at = width - 1, rest = value; at >= 0; at -= 1, rest >>= 8n) {
    bytes[at] = Number(BigInt.asUintN(8, rest));
  }
  bytes[0] = value < 0n ? 0xff : (bytes[0] ?? 0) | 0x80;
  return bytes;
}

/** The header block (512 bytes) of a member. */
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

/** Content padded with zeros to whole blocks. */
export function padded(content: string | Buffer): Buffer {
  const bytes = Buffer.from(content as string);
  return Buffer.concat([bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)]);
}

/** One record of a PAX extended header with the correct length. */
export function paxRecord(keyword: string, value: string | Buffer): Buffer {
  const rest = Buffer.concat([Buffer.from(` ${keyword}=`), Buffer.from(value as string), Buffer.from('\n')]);
  let length = rest.length;
  while (String(length).length + rest.length !== length) {
    length = String(length).length + rest.length;
  }
  return Buffer.concat([Buffer.from(String(length)), rest]);
}

/** A member with its extended header, header and content. */
export function member(given: Member): Buffer {
  const parts: Buffer[] = [];
  if (given.pax) {
    const records = Buffer.concat(Object.entries(given.pax).map(([key, value]) => paxRecord(key, value)));
    parts.push(member({ name: 'PaxHeaders/0', type: 'x', content: records }));
  }
  parts.push(header(given), padded(given.content ?? ''));
  return Buffer.concat(parts);
}

/** The end of an archive: two blocks of zeros. */
export const endMarker: Buffer = Buffer.alloc(1024);

/** An archive of the members in order, with its end marker. */
export function archive(...members: readonly Member[]): Buffer {
  return Buffer.concat([...members.map(member), endMarker]);
}
