// What signing without a key needs: the URLs of the services, which have no default, and an identity token.
import { UserError } from '../errors.ts';
import { type TokenEnvironment, type TokenSource, tokenSource } from './identity-token.ts';
import { requireSafeUrl } from './service-request.ts';

/** The settings as configured; empty strings are unset. */
export interface RawKeylessSettings {
  readonly identityToken: string;
  readonly fulcioUrl: string;
  readonly rekorUrl: string;
  readonly timestampUrl: string;
}

/** The settings after they were checked. */
export interface KeylessSettings {
  /** Without a final slash, as `rekor`. */
  readonly fulcio: string;
  readonly rekor: string | undefined;
  readonly timestamp: string | undefined;
  readonly source: TokenSource;
}

/** The names of the settings, for errors. */
export type KeylessNames = Readonly<Record<keyof RawKeylessSettings, string>>;

/** Whether any of the settings is set: then nothing else is signed with. */
export function isKeyless(settings: RawKeylessSettings): boolean {
  const { identityToken, fulcioUrl, rekorUrl, timestampUrl } = settings;
  return [identityToken, fulcioUrl, rekorUrl, timestampUrl].some((value) => value !== '');
}

/**
 * Reads the settings without any request. Throws a UserError that names the setting for one that is missing or is no URL, and
 * for a token that cannot be used. `now` is milliseconds.
 */
export function readKeyless(
  settings: RawKeylessSettings,
  names: KeylessNames,
  environment: TokenEnvironment,
  now: number,
): KeylessSettings {
  const { identityToken, fulcioUrl, rekorUrl, timestampUrl } = settings;
  if (fulcioUrl === '') {
    throw new UserError(`${names.fulcioUrl} is missing`, {
      hint: 'without a key, a certificate of Fulcio says who signs; no server is asked that is not named here',
    });
  }
  if (rekorUrl === '' && timestampUrl === '') {
    throw new UserError(`neither ${names.rekorUrl} nor ${names.timestampUrl} is set`, {
      hint: 'the certificate expires after minutes: a log entry or a timestamp has to show that it was valid',
    });
  }
  for (const key of ['fulcioUrl', 'rekorUrl', 'timestampUrl'] as const) {
    if (settings[key] !== '') {
      requireSafeUrl(settings[key], names[key]);
    }
  }
  return {
    fulcio: withoutSlash(fulcioUrl),
    rekor: rekorUrl === '' ? undefined : withoutSlash(rekorUrl),
    timestamp: timestampUrl === '' ? undefined : timestampUrl,
    source: tokenSource(identityToken, environment, names.identityToken, now),
  };
}

function withoutSlash(url: string): string {
  return url.replace(/\/+$/, '');
}
