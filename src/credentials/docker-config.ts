// The logins that a Docker config.json holds, and which of them is a registry's. Pure; the rules are docker's own.
import { UserError } from '../errors.ts';
import { isJsonObject, type JsonObject, member, parseJson } from '../oci/json.ts';
import { dockerHub } from '../oci/reference.ts';
import type { BasicCredentials } from '../transport/authorization.ts';

/** Where docker keeps the login of a registry: in the document itself, or with a program that has to be asked. */
export type DockerLogin =
  | { readonly kind: 'inline'; readonly key: string; readonly entry: JsonObject }
  | { readonly kind: 'helper'; readonly helper: string; readonly serverAddress: string };

/** The key under which docker keeps the login of Docker Hub, and by which it asks helpers for it. */
const dockerHubKey = 'https://index.docker.io/v1/';
const dockerHubNames: readonly string[] = [dockerHub, 'docker.io', 'registry-1.docker.io'];

/** The object in the text of a config.json. Throws a UserError that never quotes the text: it holds passwords. */
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
 * Which login of the document is the registry's: a helper in `credHelpers`, else that of `credsStore`, else an entry
 * of `auths`; undefined when there is none. A key is a registry's when it names the same host and port once scheme
 * and path are left out; the one that is written exactly as docker would write it comes first. Throws a UserError for
 * members of another type. As docker's config package does (GetCredentialsStore and fileStore.Get).
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
 * The credentials in an entry of `auths`: `identitytoken`, and `auth` (base64 of `username:password`) or else
 * `username` and `password`. Undefined when it holds none: docker leaves empty entries behind when a helper keeps
 * the login. Throws a UserError when `auth` can't be read, or when there is only a `registrytoken`.
 */
export function entryCredentials(key: string, entry: JsonObject): BasicCredentials | undefined {
  const auth = textAt(key, entry, 'auth');
  const { username, password } =
    auth === ''
      ? { username: textAt(key, entry, 'username'), password: textAt(key, entry, 'password') }
      : decodeAuth(key, auth);
  const identityToken = textAt(key, entry, 'identitytoken');
  if (identityToken !== '') {
    return { username, password, identityToken };
  }
  if (username === '' && password === '') {
    if (textAt(key, entry, 'registrytoken') !== '') {
      throw malformed(`its entry for ${key} holds only a registrytoken, which is not supported`);
    }
    return undefined;
  }
  return { username, password };
}

/** Every text in a document that may be secret, in all the forms in which it could be repeated. */
export function secretsOfDockerConfig(config: JsonObject): string[] {
  const auths = member(config, 'auths');
  const entries = isJsonObject(auths) ? Object.values(auths).filter(isJsonObject) : [];
  const texts = (name: string) =>
    entries.map((entry) => member(entry, name)).filter((value) => typeof value === 'string');
  const encoded = texts('auth');
  const decoded = encoded.map((auth) =>
    Buffer.from(auth, 'base64')
      .toString()
      .replace(/^[^:]*:?/, ''),
  );
  return [
    ...encoded,
    ...decoded.map(withoutPadding),
    ...texts('password'),
    ...texts('identitytoken'),
    ...texts('registrytoken'),
  ];
}

function findEntry(entries: JsonObject, serverAddress: string): [string, unknown] | undefined {
  const found = Object.entries(entries);
  return (
    found.find(([key]) => key === serverAddress) ??
    found.find(([key]) => hostOf(key) === hostOf(serverAddress))
  );
}

/** The host and port of a key; every name of Docker Hub is one host. Docker's ConvertToHostname. */
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

/** Docker fills the password up with NUL bytes, and takes them away again. */
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

function textAt(key: string, entry: JsonObject, name: string): string {
  const value = member(entry, name) ?? '';
  if (typeof value !== 'string') {
    throw malformed(`${name} of its entry for ${key} is not a string`);
  }
  return value;
}

function malformed(reason: string): UserError {
  return new UserError(`source.docker_config can not be used: ${reason}`, {
    hint: 'give the content of a config.json as `docker login` writes it, or the path of such a file',
  });
}
