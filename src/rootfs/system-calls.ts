// The system calls lsetxattr, fsetxattr and mkfifo, which Node and Bun offer only through their foreign function interfaces.
import { getSystemErrorMap } from 'node:util';
import type { ByteString } from '../tar/byte-string.ts';

/** Sets an extended attribute of an open file, or of a path without following a link; false when the system refuses it. */
export type SetAttribute = (target: number | ByteString, name: ByteString, value: ByteString) => boolean;

/** What this process can ask of the system by calls. */
export interface SystemCalls {
  readonly setAttribute: SetAttribute;
  /** Creates a FIFO that only its owner may use. Throws the error of the system, with its code, when it refuses that. */
  readonly makeFifo: (path: ByteString) => void;
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
      makeFifo: (path) => {
        if (library.mkfifo(terminated(path), ownerOnly) !== 0) {
          throw systemError('mkfifo', library.errorNumber());
        }
      },
    }
  );
}

/** The error of a system call as Node words those of its own. */
function systemError(syscall: string, errorNumber: number): Error {
  const [code, text] = getSystemErrorMap().get(-errorNumber) ?? [`errno ${errorNumber}`, 'unknown error'];
  return Object.assign(new Error(`${code}: ${text}, ${syscall}`), { code, syscall });
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
  /** The `errno` of the call before. */
  readonly errorNumber: () => number;
}

/** What a library has for the C macro `errno`: the address of that of the thread, in glibc and in musl. */
interface ErrorLocation<Address> {
  readonly __errno_location: () => Address;
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
  readonly read: { i32(address: number, offset: number): number };
}

function openInBun(library: string): Library | undefined {
  const bun = builtin('bun:ffi') as BunInterface | undefined;
  const rest = ['ptr', 'ptr', 'u64', 'i32'];
  const symbols = bun?.dlopen(library, {
    fsetxattr: { args: ['i32', ...rest], returns: 'i32' },
    lsetxattr: { args: ['ptr', ...rest], returns: 'i32' },
    mkfifo: { args: ['ptr', 'u32'], returns: 'i32' },
    __errno_location: { args: [], returns: 'ptr' },
  }).symbols as (Library & ErrorLocation<number>) | undefined;
  return bun && symbols && { ...symbols, errorNumber: () => bun.read.i32(symbols.__errno_location(), 0) };
}

/** Node's `node:ffi` (from Node 26), as far as it is used. */
interface NodeInterface {
  dlopen(
    library: string,
    functions: Record<string, { arguments: readonly string[]; return: string }>,
  ): { readonly functions: unknown };
  getInt32(address: bigint): number;
}

function openInNode(library: string): Library | undefined {
  const node = withoutWarnings(() => builtin('node:ffi')) as NodeInterface | undefined;
  const rest = ['buffer', 'buffer', 'uint64', 'int32'];
  const functions = node?.dlopen(library, {
    fsetxattr: { arguments: ['int32', ...rest], return: 'int32' },
    lsetxattr: { arguments: ['buffer', ...rest], return: 'int32' },
    mkfifo: { arguments: ['buffer', 'uint32'], return: 'int32' },
    __errno_location: { arguments: [], return: 'pointer' },
  }).functions as (Library & ErrorLocation<bigint>) | undefined;
  return (
    node && functions && { ...functions, errorNumber: () => node.getInt32(functions.__errno_location()) }
  );
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
