// The options that say who signs: a private key, or an identity and the services that vouch for it.
import type { Registries } from '../access/registries.ts';
import { UserError } from '../errors.ts';
import { isKeyless, type KeylessNames } from '../signing/keyless-settings.ts';
import { keylessSignatory, keySignatory, type Signatory } from '../signing/sign-settings.ts';
import type { CliRun } from './cli-context.ts';
import { readOptionFile, readPrivateKeyFile } from './key-options.ts';

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

/** What the options are called where they are given. */
export interface SignerNames extends KeylessNames {
  readonly key: string;
}

/** Their names where a command signs one image. */
export const signerNames: SignerNames = {
  key: '--key',
  identityToken: '--identity-token',
  fulcioUrl: '--fulcio-url',
  rekorUrl: '--rekor-url',
  timestampUrl: '--timestamp-url',
};

/** Opens who signs by what services are reached with. */
export type OpenSignatory = (services: Registries['service']) => Signatory;

/** Who signs; undefined without any of the options. Sends no request. Throws a UserError for options that cannot be used. */
export async function readSignatory(
  options: SignerOptions,
  names: SignerNames,
  { environment, addSecret, clock }: CliRun<object>['surroundings'],
): Promise<OpenSignatory | undefined> {
  const { key: file, fulcioUrl = '', rekorUrl = '', timestampUrl = '', identityToken: tokenFile } = options;
  const token = tokenFile === undefined ? '' : (await readOptionFile(tokenFile, names.identityToken)).pem;
  addSecret(token.trim());
  const keyless = { identityToken: token, fulcioUrl, rekorUrl, timestampUrl };
  if (file === undefined) {
    const surroundings = { environment, addSecret, now: clock.now };
    return isKeyless(keyless) ? await keylessSignatory(keyless, names, surroundings) : undefined;
  }
  if (isKeyless(keyless)) {
    throw new UserError(`${names.key} is given together with an identity`, { hint: 'sign with one of them' });
  }
  const key = keySignatory(await readPrivateKeyFile(file, { environment, addSecret }));
  return () => key;
}

/** The same for a command that signs one image: it has to be signed. */
export async function requireSignatory({
  options,
  surroundings,
}: CliRun<SignerOptions>): Promise<OpenSignatory> {
  const open = await readSignatory(options, signerNames, surroundings);
  if (!open) {
    throw new UserError('--key is missing', {
      hint: 'name the file of the private key to sign with, or --fulcio-url to sign without one',
    });
  }
  return open;
}

/** Who signs, for an answer: the id of a key, or an identity with its issuer. The other one is null. */
export function signatoryFields({ by, key }: Signatory) {
  return key ? { key: key.publicKey.id, identity: null } : { key: null, identity: by.name };
}
