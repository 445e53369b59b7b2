// The secrets in the source of a request and in the environment, which no output may show.
import type { Environment } from '../transport/proxy.ts';
import { percentDecode } from '../transport/url-syntax.ts';
import type { PutSign } from './sign.ts';
import type { LoginKeys, Source } from './source.ts';

/** The secrets of a `source`. User names and ids are not among them: a log must be able to show them. */
export function secretsOfSource(source: Source): string[] {
  const { registryMirrors, contentTrust: trust } = source;
  return [
    ...secretsOfLogin(source),
    ...[
      source.repository,
      ...registryMirrors.flatMap(({ host, servedRegistry }) => [host, servedRegistry]),
    ].map(passwordBefore),
    ...registryMirrors.map(({ password }) => password),
    ...(trust ? [trust.password, trust.repositoryKey, trust.repositoryPassphrase, trust.tlsKey] : []),
  ];
}

/** The password in front of a registry where a user and a password have no place: `user:password@host/path`. */
function passwordBefore(name: string): string {
  const [, password = ''] = /^(?:[a-z][a-z0-9+.-]*:\/+)?[^:@/]*:(.*)@/is.exec(name) ?? [];
  return password;
}

/** The secrets of `sign` in the params of a put. */
export function secretsOfSign(sign: PutSign | undefined): string[] {
  return sign ? [sign.key, sign.password, sign.keyless.identityToken] : [];
}

/** The secrets among the keys of a log-in. */
export function secretsOfLogin(login: LoginKeys): string[] {
  return [login.password, login.awsSecretAccessKey, login.awsSessionToken];
}

/** The passwords of the proxies that the environment names. */
export function secretsOfEnvironment(environment: Environment): string[] {
  const proxies = ['HTTPS_PROXY', 'HTTP_PROXY', 'https_proxy', 'http_proxy'].map((name) => environment[name]);
  return proxies.flatMap((proxy) => {
    const [, password = ''] = /^(?:[a-z][\w+.-]*:\/\/)?[^:@/]*:(?!\/\/)(.*)@/i.exec(proxy ?? '') ?? [];
    return [password, percentDecode(password)];
  });
}
