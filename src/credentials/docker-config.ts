// Log-ins in a Docker config.json, and which of them is for a registry, by Docker's rules. Pure.
import { UserError } from '../errors.ts';
import { isJsonObject, type JsonObject, member, parseJson } from '../oci/json.ts';
import { dockerHub } from '../oci/reference.ts';
import type { BasicCredentials } from '../transport/authorization.ts';

/** Where Docker keeps the log-in of a registry: in the document itself, or in a credential helper. */
export type DockerLogin =
  | { readonly kind: 'inline'; readonly key: string; readonly entry: JsonObject }
  | { readonly kind: 'helper'; readonly helper: string; readonly serverAddress: string };

/** The key of Docker Hub in the document, and its server address for helpers. */
const dockerHubKey = 'https://index.docker.io/v1/';
const dockerHubNames: readonly string[] = [dockerHub, 'docker.io', 'registry-1.docker.io'];

/** Parses a config.json. Throws a UserError that never quotes it, because it contains passwords. */
export function parseDockerConfig(text: string): JsonObject {
  const document = parseJson(text.replace(/^\uFEFF/, ''));
  if (document === undefined) {
    throw malformed('it is not JSON');
  }
  if (!isJsonObject(document)) {
    throw malformed('it is not a JSON object');
  }
  return document;
}

/**
 * The log-in for a registry: a helper in `credHelpers`, or else that of `credsStore`, or else an entry of `auths`;
 * undefined when there is none. A key matches when it has the host and port of the registry, without scheme and path; a
 * key exactly as Docker writes it comes first. Throws a UserError for members of a wrong type. As in Docker's config
 * package (GetCredentialsStore and fileStore.Get).
 */
export function findDockerLogin(config: JsonObject, registry: string): DockerLogin | undefined {
  const serverAddress = dockerHubNames.includes(registry) ? dockerHubKey : registry;
  const [, own] = findEntry(objectAt(config, 'credHelpers'), serverAddress) ?? [];
  const helper = own ?? member(config, 'credsStore') ?? '';
  if (typeof helper !== 'string') {
    throw malformed('the name of a credential helper in it is not a string');
  }
  if (helper !== '') {
    return { kind: 'helper', helper, serverAddress };
  }
  const [key, entry] = findEntry(objectAt(config, 'auths'), serverAddress) ?? [];
  if (key === undefined) {
    return undefined;
  }
  if (!isJsonObject(entry)) {
    throw malformed(`its entry for ${key} is not an object`);
  }
  return { kind: 'inline', key, entry };
}

/**
 * The credentials in an entry of `auths`: `identitytoken`, and `auth` (base64 of `username:password`) or else `username`
 * and `password`. Undefined when it has none: Docker leaves empty entries when a helper keeps the log-in. Throws a
 * UserError when `auth` cannot be decoded, or when there is only a `registrytoken`.
 */
export function entryCredentials(key: string, entry: JsonObject): BasicCredentials | undefined {
  const auth = stringAt(key, entry, 'auth');
  const { username, password } =
    auth === ''
      ? { username: stringAt(key, entry, 'username'), password: stringAt(key, entry, 'password') }
      : decodeAuth(key, auth);
  const identityToken = stringAt(key, entry, 'identitytoken');
  if (identityToken !== '') {
    return { username, password, identityToken };
  }
  if (username === '' && password === '') {
    if (stringAt(key, entry, 'registrytoken') !== '') {
      throw malformed(`its entry for ${key} has only a registrytoken, which is not supported`);
    }
    return undefined;
  }
  return { username, password };
}

/** The registries that a document has log-ins for, as they are written in it; the first ten of them. */
export function registriesOf(config: JsonObject): string[] {
  return ['credHelpers', 'auths'].flatMap((name) => Object.keys(objectAt(config, name))).slice(0, 10);
}

/** Every string in a document that may be secret, encoded and decoded. */
export function secretsOfDockerConfig(config: JsonObject): string[] {
  const auths = member(config, 'auths');
  const entries = isJsonObject(auths) ? Object.values(auths).filter(isJsonObject) : [];
  const strings = (name: string) =>
    entries.map((entry) => member(entry, name)).filter((value) => typeof value === 'string');
  const encoded = strings('auth');
  const decoded = encoded.map((auth) =>
    Buffer.from(auth, 'base64')
      .toString()
      .replace(/^[^:]*:?/, ''),
  );
  return [
    ...encoded,
    ...decoded.map(withoutPadding),
    ...strings('password'),
    ...strings('identitytoken'),
    ...strings('registrytoken'),
  ];
}

function findEntry(entries: JsonObject, serverAddress: string): [string, unknown] | undefined {
  const found = Object.entries(entries);
  return (
    found.find(([key]) => key === serverAddress) ??
    found.find(([key]) => hostOf(key) === hostOf(serverAddress))
  );
}

/** The host and port of a key, with one host for all names of Docker Hub (Docker's ConvertToHostname). */
function hostOf(key: string): string {
  const [host = ''] = key.replace(/^https?:\/\//, '').split('/', 1);
  return dockerHubNames.includes(host) ? dockerHub : host;
}

function decodeAuth(key: string, auth: string): { username: string; password: string } {
  const isBase64 = /^[A-Za-z0-9+/]+={0,2}$/.test(auth);
  const text = isBase64 ? Buffer.from(auth, 'base64').toString() : '';
  const colon = text.indexOf(':');
  if (colon < 0) {
    throw malformed(`auth of its entry for ${key} is not the base64 of username:password`);
  }
  return { username: text.slice(0, colon), password: withoutPadding(text.slice(colon + 1)) };
}

/** Docker pads a password with NUL bytes and removes them again. */
function withoutPadding(password: string): string {
  return password.replace(/^\0+|\0+$/g, '');
}

function objectAt(config: JsonObject, name: string): JsonObject {
  const value = member(config, name) ?? {};
  if (!isJsonObject(value)) {
    throw malformed(`${name} in it is not an object`);
  }
  return value;
}

function stringAt(key: string, entry: JsonObject, name: string): string {
  const value = member(entry, name) ?? '';
  if (typeof value !== 'string') {
    throw malformed(`${name} of its entry for ${key} is not a string`);
  }
  return value;
}

function malformed(reason: string): UserError {
  return new UserError(reason, { code: 'DOCKER_CONFIG_INVALID' });
}
