// The options that say who signs: a private key, or an identity and the services that vouch for it.
import type { Registries } from '../access/registries.ts';
import { UserError } from '../errors.ts';
import { isKeyless, type KeylessNames } from '../signing/keyless-settings.ts';
import { keylessSignatory, keySignatory, type Signatory } from '../signing/sign-settings.ts';
import type { CliRun } from './cli-context.ts';
import { readOptionFile } from './key-options.ts';
import { readPrivateKeyFile } from './sign-options.ts';

/** The options of every command that signs one image. */
export interface SignerOptions {
  /** The path of a private key; COSIGN_PASSWORD is its password. */
  readonly key?: string;
  readonly fulcioUrl?: string;
  readonly rekorUrl?: string;
  readonly timestampUrl?: string;
  /** The path of an identity token. */
  readonly identityToken?: string;
}

const names: KeylessNames = {
  identityToken: '--identity-token',
  fulcioUrl: '--fulcio-url',
  rekorUrl: '--rekor-url',
  timestampUrl: '--timestamp-url',
};

/** Who signs. Sends no request. Throws a UserError for options that cannot be used. */
export async function readSignatory(
  { options, surroundings }: CliRun<SignerOptions>,
  { service }: Pick<Registries, 'service'>,
): Promise<Signatory> {
  const { key, fulcioUrl = '', rekorUrl = '', timestampUrl = '', identityToken: tokenFile } = options;
  const token = tokenFile === undefined ? '' : (await readOptionFile(tokenFile, names.identityToken)).pem;
  surroundings.addSecret(token.trim());
  const keyless = { identityToken: token, fulcioUrl, rekorUrl, timestampUrl };
  if (key !== undefined) {
    if (isKeyless(keyless)) {
      throw new UserError('--key is given together with an identity', { hint: 'sign with one of them' });
    }
    return keySignatory(await readPrivateKeyFile(key, surroundings));
  }
  if (!isKeyless(keyless)) {
    throw new UserError('--key is missing', {
      hint: 'name the file of the private key to sign with, or --fulcio-url to sign without one',
    });
  }
  const { environment, addSecret, clock } = surroundings;
  return await keylessSignatory(keyless, names, {
    environment,
    addSecret,
    now: clock.now,
    services: service,
  });
}

/** Who signs, for an answer: the id of a key, or an identity with its issuer. The other one is null. */
export function signatoryFields({ by, key }: Signatory) {
  return key ? { key: key.publicKey.id, identity: null } : { key: null, identity: by.name };
}
