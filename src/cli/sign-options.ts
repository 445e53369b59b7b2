// The options by which a promotion signs what it brings, and leaves a record of it: --sign-key, --sign-format and so on.
import type { Registries } from '../access/registries.ts';
import { UserError } from '../errors.ts';
import type { Digest } from '../oci/digest.ts';
import type { SignDestination } from '../promotion/copy-digest.ts';
import { promotionRecord, type RecordedPromotion } from '../promotion/promotion-record.ts';
import { recordForImage } from '../signing/attest-image.ts';
import { signImage } from '../signing/sign-image.ts';
import { readFormats } from '../signing/sign-settings.ts';
import type { CliRun } from './cli-context.ts';
import { readSignatory, type SignerNames } from './signer-options.ts';

/** The options of every command that can sign what it copies. */
export interface SignOptions {
  /** The path of a private key; COSIGN_PASSWORD is its password. */
  readonly signKey?: string;
  readonly signFormat?: string;
  readonly signFulcioUrl?: string;
  readonly signRekorUrl?: string;
  readonly signTimestampUrl?: string;
  /** The path of an identity token. */
  readonly signIdentityToken?: string;
}

const names: SignerNames = {
  key: '--sign-key',
  identityToken: '--sign-identity-token',
  fulcioUrl: '--sign-fulcio-url',
  rekorUrl: '--sign-rekor-url',
  timestampUrl: '--sign-timestamp-url',
};

/** Opens what signs images at their destinations, by registries. */
export type OpenSigner = (registries: Pick<Registries, 'service'>) => SignDestination;

/** What signs images at their destinations; undefined where nobody signs. Sends no request. Throws a UserError. */
export async function signerOf({
  options,
  surroundings,
}: CliRun<SignOptions>): Promise<OpenSigner | undefined> {
  const { signFormat, signKey: key, signFulcioUrl: fulcioUrl, signRekorUrl: rekorUrl } = options;
  const { signTimestampUrl: timestampUrl, signIdentityToken: identityToken } = options;
  const given = Object.entries({ key, fulcioUrl, rekorUrl, timestampUrl, identityToken });
  const chosen = Object.fromEntries(given.filter(([, value]) => value !== undefined));
  const open = await readSignatory(chosen, names, surroundings);
  if (!open) {
    if (signFormat !== undefined) {
      throw new UserError('--sign-format is given without --sign-key');
    }
    return undefined;
  }
  const formats = readFormats(signFormat ?? '', key !== undefined, '--sign');
  return ({ service }) => {
    const signatory = open(service);
    const signer = { ...signatory, formats, annotations: {}, recursive: false };
    return async (session, target, root, promotion) => {
      const { now } = surroundings.clock;
      const place = { session, target, now };
      await signImage(root, signer, place);
      if (promotion) {
        await recordForImage(root, await promotionRecord(root.digest, promotion, now()), signer.by, place);
      }
    };
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
