// The system calls lsetxattr, fsetxattr and mkfifo, which Node and Bun offer only through their foreign function interfaces.
import type { ByteString } from '../tar/byte-string.ts';

/** Sets an extended attribute of an open file, or of a path without following a link; false when the system refuses it. */
export type SetAttribute = (target: number | ByteString, name: ByteString, value: ByteString) => boolean;

/** What this process can ask of the system by calls. */
export interface SystemCalls {
  readonly setAttribute: SetAttribute;
  /** Creates a FIFO that only its owner may use; false when the system refuses it. */
  readonly makeFifo: (path: ByteString) => boolean;
}

const ownerOnly = 0o600;

/** The calls of this process; undefined on other systems than Linux, and for a runtime without the interface. */
export function loadSystemCalls(): SystemCalls | undefined {
  const library = process.platform === 'linux' ? openLibrary() : undefined;
  return (
    library && {
      setAttribute: (target, name, value) => {
        const content = Buffer.from(value, 'latin1');
        const size = BigInt(content.length);
        // An empty buffer has no address.
        const bytes = content.length > 0 ? content : Buffer.alloc(1);
        return typeof target === 'number'
          ? library.fsetxattr(target, terminated(name), bytes, size, 0) === 0
          : library.lsetxattr(terminated(target), terminated(name), bytes, size, 0) === 0;
      },
      makeFifo: (path) => library.mkfifo(terminated(path), ownerOnly) === 0,
    }
  );
}

function terminated(text: ByteString): Buffer {
  return Buffer.from(`${text}\0`, 'latin1');
}

type SetCall = (target: number | Buffer, name: Buffer, value: Buffer, size: bigint, flags: number) => number;

/** The functions of the C library that are used. */
interface Library {
  readonly fsetxattr: SetCall;
  readonly lsetxattr: SetCall;
  readonly mkfifo: (path: Buffer, mode: number) => number;
}

/** The C library of glibc, and of musl by architecture. */
const libraries = ['libc.so.6', 'libc.musl-x86_64.so.1', 'libc.musl-aarch64.so.1'];

function openLibrary(): Library | undefined {
  for (const library of libraries) {
    try {
      return process.versions.bun === undefined ? openInNode(library) : openInBun(library);
    } catch {
      // The library of another C library or architecture.
    }
  }
  return undefined;
}

/** Bun's `bun:ffi`, as far as it is used. */
interface BunInterface {
  dlopen(
    library: string,
    functions: Record<string, { args: readonly string[]; returns: string }>,
  ): { readonly symbols: unknown };
}

function openInBun(library: string): Library | undefined {
  const bun = builtin('bun:ffi') as BunInterface | undefined;
  const rest = ['ptr', 'ptr', 'u64', 'i32'];
  return bun?.dlopen(library, {
    fsetxattr: { args: ['i32', ...rest], returns: 'i32' },
    lsetxattr: { args: ['ptr', ...rest], returns: 'i32' },
    mkfifo: { args: ['ptr', 'u32'], returns: 'i32' },
  }).symbols as Library | undefined;
}

/** Node's `node:ffi` (from Node 26), as far as it is used. */
interface NodeInterface {
  dlopen(
    library: string,
    functions: Record<string, { arguments: readonly string[]; return: string }>,
  ): { readonly functions: unknown };
}

function openInNode(library: string): Library | undefined {
  const node = withoutWarnings(() => builtin('node:ffi')) as NodeInterface | undefined;
  const rest = ['buffer', 'buffer', 'uint64', 'int32'];
  return node?.dlopen(library, {
    fsetxattr: { arguments: ['int32', ...rest], return: 'int32' },
    lsetxattr: { arguments: ['buffer', ...rest], return: 'int32' },
    mkfifo: { arguments: ['buffer', 'uint32'], return: 'int32' },
  }).functions as Library | undefined;
}

function builtin(name: string): unknown {
  return process.getBuiltinModule?.(name);
}

/** Node warns that the interface is experimental: nothing that a reader of a build log could act on. */
function withoutWarnings<Result>(action: () => Result): Result {
  const { emitWarning } = process;
  process.emitWarning = () => {};
  try {
    return action();
  } finally {
    process.emitWarning = emitWarning;
  }
}
