// Warnings about white space around user names and secrets, which most often comes from a file with a line feed. Pure.
import { describePadding } from '../transport/authorization.ts';
import type { RawContentTrust } from './content-trust.ts';
import type { RawSource } from './source.ts';

/** One warning for each user name or secret of a source with white space around it, which is sent as it is. */
export function paddedSecretWarnings(source: RawSource): string[] {
  return [
    ...warningsOf('source', {
      username: source.username,
      password: source.password,
      aws_access_key_id: source.awsAccessKeyId,
      aws_secret_access_key: source.awsSecretAccessKey,
      aws_session_token: source.awsSessionToken,
    }),
    ...source.registryMirrors.flatMap(({ username, password }, position) =>
      warningsOf(`source.registry_mirror[${position}]`, { username, password }),
    ),
  ];
}

/** The same for `content_trust`, except its keys in PEM, which end with a line feed. */
export function paddedTrustWarnings(trust: RawContentTrust | undefined): string[] {
  const { username, password, repositoryPassphrase } = trust ?? {};
  return warningsOf('source.content_trust', {
    username,
    password,
    repository_passphrase: repositoryPassphrase,
  });
}

function warningsOf(place: string, values: Readonly<Record<string, string | undefined>>): string[] {
  return Object.entries(values).flatMap(([key, value]) => {
    const padding = describePadding(value ?? '');
    return padding === undefined
      ? []
      : [`${place}.${key} ${padding}: it is sent as it is, remove that if the log-in is refused`];
  });
}
