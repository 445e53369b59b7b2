// The `content_trust` object of a source: how a put signs the tags that it pushes.
import { UserError } from '../errors.ts';
import type { RepositoryActions } from '../transport/token.ts';
import type { ObjectReader } from './decode.ts';

/** `content_trust` as configured; empty strings are unset. Only a put checks it. */
export interface RawContentTrust {
  readonly server: string;
  readonly repositoryKeyId: string;
  readonly repositoryKey: string;
  readonly repositoryPassphrase: string;
  readonly tlsKey: string;
  readonly tlsCert: string;
  readonly username: string;
  readonly password: string;
  readonly scopes: string;
  readonly onFailure: string;
}

/** `content_trust` of a put. */
export interface ContentTrust extends RawContentTrust {
  /** The actions in the scope of the token for the notary server. */
  readonly scopes: RepositoryActions;
  /** Whether a signature that fails fails the put. */
  readonly onFailure: 'fail' | 'warn';
}

/** Decodes a `content_trust` object, which {@link parseContentTrust} has yet to check. */
export function readContentTrust(object: ObjectReader): RawContentTrust {
  return {
    server: object.string('server'),
    repositoryKeyId: object.string('repository_key_id'),
    repositoryKey: object.string('repository_key'),
    repositoryPassphrase: object.string('repository_passphrase'),
    tlsKey: object.string('tls_key'),
    tlsCert: object.string('tls_cert'),
    username: object.string('username'),
    password: object.string('password'),
    scopes: object.string('scopes'),
    onFailure: object.string('on_failure'),
  };
}

/** `content_trust` of a put. Unknown `scopes` become `pull`, as in upstream. Throws a UserError for an unknown `on_failure`. */
export function parseContentTrust(raw: RawContentTrust): ContentTrust {
  const { scopes, onFailure } = raw;
  if (onFailure !== '' && onFailure !== 'fail' && onFailure !== 'warn') {
    throw new UserError(`content_trust.on_failure is fail or warn, not ${JSON.stringify(onFailure)}`);
  }
  return { ...raw, scopes: parseScopes(scopes) ?? 'pull', onFailure: onFailure || 'fail' };
}

/** A warning when `scopes` is unknown. */
export function contentTrustWarnings(raw: RawContentTrust | undefined): string[] {
  return raw && parseScopes(raw.scopes) === undefined
    ? ['content_trust.scopes is not pull, push,pull or catalog: pull is requested']
    : [];
}

function parseScopes(scopes: string): RepositoryActions | undefined {
  const known: readonly RepositoryActions[] = ['push,pull', 'pull', 'catalog'];
  return scopes === '' ? 'push,pull' : known.find((actions) => actions === scopes);
}
