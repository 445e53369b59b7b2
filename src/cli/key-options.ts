// Options of the commands about signatures: files with keys, and annotations.
import { createReadStream } from 'node:fs';
import { buffer } from 'node:stream/consumers';
import { systemReason, UserError } from '../errors.ts';
import { maximumKeyFile } from '../limits.ts';
import { readSigningKey, type SigningKey } from '../signing/private-key.ts';
import type { CliRun } from './cli-context.ts';

/** A file with a key in PEM, or a token; `path` names it in errors. */
export interface KeyFile {
  readonly path: string;
  readonly pem: string;
}

/** Reads the file that `--key` names. Throws a UserError. */
export async function readKeyFile(file: string): Promise<KeyFile> {
  return await readOptionFile(file, '--key');
}

/** The same for another option. */
export async function readOptionFile(file: string, option: string): Promise<KeyFile> {
  const path = `${option} ${JSON.stringify(file)}`;
  const bytes = await readStart(file).catch((error: unknown) => {
    throw new UserError(`${path} cannot be read: ${systemReason(error)}`);
  });
  if (bytes.length > maximumKeyFile) {
    throw new UserError(`${path} has more than ${maximumKeyFile} bytes: it is no key and no token`);
  }
  return { path, pem: bytes.toString() };
}

/** One byte more than a file may have, and no more: a device has no end. A shell passes a FIFO for `<(command)`. */
async function readStart(file: string): Promise<Buffer> {
  return await buffer(createReadStream(file, { end: maximumKeyFile }));
}

/** The values of `--annotation`, each `name=value`. Throws a UserError for another form. */
export function readAnnotations(texts: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    texts.map((each) => {
      const [name = '', ...value] = each.split('=');
      if (name === '' || value.length === 0) {
        throw new UserError(`--annotation ${JSON.stringify(each)} is not name=value`);
      }
      return [name, value.join('=')] as const;
    }),
  );
}

/** A private key from a file, whose content and password are shown nowhere. Throws a UserError. */
export async function readPrivateKeyFile(
  file: string,
  { environment, addSecret }: Pick<CliRun<object>['surroundings'], 'environment' | 'addSecret'>,
): Promise<SigningKey> {
  const password = environment.COSIGN_PASSWORD ?? '';
  addSecret(password);
  const { path, pem } = await readKeyFile(file);
  addSecret(pem);
  return await readSigningKey(pem, password, path);
}
