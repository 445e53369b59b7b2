// The options by which a promotion signs what it brings, and leaves a record of it: --sign-key and --sign-format.
import { UserError } from '../errors.ts';
import type { Digest } from '../oci/digest.ts';
import type { SignDestination } from '../promotion/copy-digest.ts';
import { promotionRecord, type RecordedPromotion } from '../promotion/promotion-record.ts';
import { recordForImage } from '../signing/attest-image.ts';
import { readSigningKey } from '../signing/private-key.ts';
import { signImage } from '../signing/sign-image.ts';
import { keySignatory, signerWith } from '../signing/sign-settings.ts';
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
  const signer = signerWith(
    keySignatory(key),
    { format: signFormat ?? '', annotations: {}, recursive: false },
    '--sign',
  );
  return async (session, target, root, promotion) => {
    const { now } = surroundings.clock;
    const place = { session, target, now };
    await signImage(root, signer, place);
    if (promotion) {
      await recordForImage(root, await promotionRecord(root.digest, promotion, now()), signer.by, place);
    }
  };
}

/** The same, where the file that asked for a promotion is known. */
export function signerWithFiles(
  sign: SignDestination | undefined,
  fileOf: (promotion: RecordedPromotion, digest: Digest) => string | undefined,
): SignDestination | undefined {
  return (
    sign &&
    ((session, target, root, promotion) =>
      sign(session, target, root, promotion && { ...promotion, file: fileOf(promotion, root.digest) }))
  );
}
