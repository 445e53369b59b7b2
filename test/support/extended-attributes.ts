// Reads and sets extended attributes with the Node that `npm ci` installs: the one that runs the tests may have no call.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from './run.ts';

const node = readdirSync(join(repositoryRoot, 'node_modules'))
  .filter((name) => name.startsWith('node-linux-'))
  .map((name) => join(repositoryRoot, 'node_modules', name, 'bin/node'))
  .find((path) => existsSync(path));

/** Whether the functions below can be called. */
export const canCallSystem: boolean = node !== undefined;

/** The value of an attribute; undefined when the system refuses to read it, or there is none. */
export function getAttribute(path: string, name: string): Buffer | undefined {
  return systemCall(['lgetxattr', path, name, '']);
}

/** Sets an attribute; false when the system refuses it. */
export function setAttribute(path: string, name: string, value: Buffer): boolean {
  return systemCall(['lsetxattr', path, name, value.toString('hex')]) !== undefined;
}

const script = `
  const [call, path, name, value] = process.argv.slice(1);
  const text = (string) => Buffer.from(string + '\\0');
  const room = call === 'lsetxattr' ? Buffer.from(value, 'hex') : Buffer.alloc(65536);
  const { functions } = process.getBuiltinModule('node:ffi').dlopen('libc.so.6', {
    lsetxattr: { arguments: ['buffer', 'buffer', 'buffer', 'uint64', 'int32'], return: 'int32' },
    lgetxattr: { arguments: ['buffer', 'buffer', 'buffer', 'uint64'], return: 'int64' },
  });
  const more = call === 'lsetxattr' ? [0] : [];
  const size = Number(functions[call](text(path), text(name), room, BigInt(room.length), ...more));
  process.stdout.write(size < 0 ? 'refused' : room.subarray(0, size).toString('hex'));
`;

function systemCall(args: readonly string[]): Buffer | undefined {
  const output = execFileSync(node ?? '', ['--no-warnings', '-e', script, ...args], { encoding: 'utf8' });
  return output === 'refused' ? undefined : Buffer.from(output, 'hex');
}
