// The options by which a promotion signs what it brings: --sign-key and --sign-format.
import { UserError } from '../errors.ts';
import type { SignDestination } from '../promotion/copy-digest.ts';
import { readSigningKey } from '../signing/private-key.ts';
import { signImage } from '../signing/sign-image.ts';
import { signerWith } from '../signing/sign-settings.ts';
import type { CliRun } from './cli-context.ts';
import { readKeyFile } from './key-options.ts';

/** The options of every command that can sign what it copies. */
export interface SignOptions {
  /** The path of a private key; COSIGN_PASSWORD is its password. */
  readonly signKey?: string;
  readonly signFormat?: string;
}

/** A private key from a file, whose content and password are shown nowhere. Throws a UserError. */
export async function readPrivateKeyFile(
  file: string,
  { environment, addSecret }: CliRun<object>['surroundings'],
) {
  const password = environment.COSIGN_PASSWORD ?? '';
  addSecret(password);
  const { path, pem } = await readKeyFile(file);
  addSecret(pem);
  return await readSigningKey(pem, password, path);
}

/** What signs images at their destinations; undefined without a key. Sends no request. Throws a UserError. */
export async function signerOf({
  options: { signKey, signFormat },
  surroundings,
}: CliRun<SignOptions>): Promise<SignDestination | undefined> {
  if (signKey === undefined) {
    if (signFormat !== undefined) {
      throw new UserError('--sign-format is given without --sign-key');
    }
    return undefined;
  }
  const key = await readPrivateKeyFile(signKey, surroundings);
  const signer = signerWith(key, { format: signFormat ?? '', annotations: {}, recursive: false }, '--sign');
  return async (session, target, root) => {
    await signImage(root, signer, { session, target, now: surroundings.clock.now });
  };
}
