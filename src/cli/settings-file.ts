// The settings file of registry-image: how registries are reached, and where images may be promoted to.
import { stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { RegistrySettings } from '../access/registries.ts';
import { UserError } from '../errors.ts';
import { checkAddressable, parseRepository } from '../oci/reference.ts';
import { allowedPatterns, type Pattern } from '../policy/pattern.ts';
import { secretsOfLogin } from '../request/secrets.ts';
import { type LoginKeys, parseLogin, readRawLogin } from '../request/source.ts';
import type { PrefixPolicy } from '../signing/prefix-gates.ts';
import { readVerificationPolicy, type VerifySettings } from '../signing/verification-policy.ts';
import { readYamlFile } from '../yaml/yaml-file.ts';
import type { YamlMap } from '../yaml/yaml-node.ts';
import { type Environment, type SettingsOrigin, SettingsReader, settingsError } from './settings-reader.ts';

/** What the settings file says. */
export interface CliSettings {
  /** One of them, the last, has an empty prefix. */
  readonly registries: readonly RegistrySettings[];
  /** Whose signatures images below a prefix must have before they are copied. */
  readonly verify: readonly PrefixPolicy[];
  /** Where images may go; no pattern at all allows everything. */
  readonly allowDestinations: readonly Pattern[];
  /** Strings that must never appear in any output. */
  readonly secrets: readonly string[];
}

/**
 * Reads the settings file at `path`; without one only Docker's own `config.json` counts. Throws a UserError with file and
 * line, which shows no value of the file.
 */
export async function readSettings(path: string | undefined, environment: Environment): Promise<CliSettings> {
  const dockerConfig = await ownDockerConfig(environment);
  const fallback: RegistrySettings = { prefix: '', access: accessOf(noLogin(), dockerConfig) };
  if (path === undefined || path === '') {
    return { registries: [fallback], verify: [], allowDestinations: [], secrets: [] };
  }
  const { root, errors } = await readYamlFile(path);
  const origin = { file: path, environment };
  const [error] = errors;
  if (error) {
    const { line, column, message } = error;
    const place = column === undefined ? '' : `column ${column}: `;
    throw settingsError(origin, line, `${place}${withoutQuotation(message)}`, hintFor(message));
  }
  if (root.kind !== 'map' && root.kind !== 'empty') {
    throw settingsError(origin, root.line, 'the settings must be a map with the keys of a settings file');
  }
  const map: YamlMap = root.kind === 'map' ? root : { kind: 'map', line: 1, entries: [] };
  const { verify, ...settings } = readMap(map, origin, dockerConfig);
  return {
    ...settings,
    verify: await Promise.all(verify.map((each) => readPolicy(each, origin))),
    registries: [...settings.registries, fallback],
  };
}

/** `verify` of a prefix before its keys and its trusted root are read. */
interface StatedVerify {
  readonly prefix: string;
  readonly settings: VerifySettings;
  readonly line: number;
}

async function readPolicy(
  { prefix, settings, line }: StatedVerify,
  origin: SettingsOrigin,
): Promise<PrefixPolicy> {
  try {
    return { prefix, policy: await readVerificationPolicy(settings, 'verify') };
  } catch (error) {
    throw atLineOf(origin, line, error);
  }
}

function readMap(
  map: YamlMap,
  origin: SettingsOrigin,
  dockerConfig: string,
): Omit<CliSettings, 'verify'> & { readonly verify: readonly StatedVerify[] } {
  const reader = new SettingsReader(map, origin);
  const entries = reader.maps('registries', (entry) => readRegistry(entry, origin, dockerConfig));
  const isStated = map.entries.some(({ key }) => key === 'allow_destinations');
  const allowed = reader.strings('allow_destinations');
  const line = reader.line('allow_destinations');
  reader.rejectUnknown();
  const prefixes = new Map<string, number>();
  for (const { settings, line: own } of entries) {
    const first = prefixes.get(settings.prefix);
    if (first !== undefined) {
      throw settingsError(origin, own, `the registry ${settings.prefix} is on line ${first} already`);
    }
    prefixes.set(settings.prefix, own);
  }
  return {
    registries: entries.map(({ settings }) => settings),
    verify: entries.flatMap(({ verify }) => (verify ? [verify] : [])),
    allowDestinations: atLine(origin, line, () =>
      allowedPatterns(isStated ? allowed : undefined, 'allow_destinations'),
    ),
    secrets: entries.flatMap(({ secrets }) => secrets),
  };
}

function readRegistry(reader: SettingsReader, origin: SettingsOrigin, dockerConfig: string) {
  const name = reader.string('name').replace(/\/+$/, '');
  const line = reader.line('name');
  if (name === '') {
    throw settingsError(
      origin,
      line,
      'a registry has no name',
      'write its host, or the beginning of its repositories: registry.example.com/team',
    );
  }
  const login = atLine(origin, reader.line(), () => parseLogin(readRawLogin(reader)));
  const settings: RegistrySettings = {
    prefix: atLine(origin, line, () => canonicalPrefix(name)),
    access: accessOf(login, dockerConfig),
    maxRequestsPerSecond: reader.positive('max_requests_per_second'),
    maxConcurrent: reader.positive('max_concurrent'),
  };
  const verify = reader.statedMap('verify', readVerify);
  return {
    settings,
    line,
    verify: verify && { prefix: settings.prefix, settings: verify, line: reader.line('verify') },
    secrets: secretsOfLogin(login),
  };
}

function readVerify(reader: SettingsReader): VerifySettings {
  return {
    keys: reader.strings('keys'),
    identities: reader.maps('identities', (identity) => ({
      issuer: identity.string('issuer'),
      subject: identity.string('subject'),
      subjectRegexp: identity.string('subject_regexp'),
    })),
    trustedRoot: reader.stringOrObject('trusted_root'),
    threshold: reader.string('threshold'),
    minAge: reader.string('min_age'),
    requirePredicates: reader.maps('require_predicates', (predicate) => ({
      type: predicate.string('type'),
      builderRegexp: predicate.string('builder_regexp'),
      sourceRegexp: predicate.string('source_regexp'),
    })),
    mode: reader.string('mode'),
    annotations: reader.stringMap('annotations'),
  };
}

/** A prefix as the names of repositories begin with it: Docker Hub is `index.docker.io`. */
function canonicalPrefix(name: string): string {
  // Two parts more: a single one directly after Docker Hub would be below its `library`.
  const repository = parseRepository(`${name}/a/b`);
  checkAddressable(repository, name);
  return `${repository.registry}/${repository.path}`.slice(0, -'/a/b'.length);
}

function atLine<Value>(origin: SettingsOrigin, line: number, action: () => Value): Value {
  try {
    return action();
  } catch (error) {
    throw atLineOf(origin, line, error);
  }
}

/** An error with file and line before it, unless it has them. */
function atLineOf(origin: SettingsOrigin, line: number, error: unknown): unknown {
  return error instanceof UserError && !error.message.startsWith(`${origin.file}:`)
    ? new UserError(`${origin.file}:${line}`, { cause: error })
    : error;
}

/** Malformed YAML is quoted in messages about it, and may be a part of a password. */
function withoutQuotation(message: string): string {
  return isQuotation(message) ? 'malformed YAML' : message;
}

function isQuotation(message: string): boolean {
  return !/^(the file |control character )/.test(message);
}

function hintFor(message: string): string | undefined {
  if (isQuotation(message)) {
    return 'values with other characters than letters and digits are best in quotes';
  }
  return message.startsWith('the file cannot be read')
    ? '--config, or else REGISTRY_IMAGE_CONFIG in the environment, names the settings file'
    : undefined;
}

/** Without a log-in of its own, a registry has that of Docker's config.json. */
function accessOf(login: LoginKeys, dockerConfig: string): RegistrySettings['access'] {
  const { username, password, awsRegion, azureAcr, googleAuth } = login;
  const hasOwn =
    username !== '' ||
    password !== '' ||
    awsRegion !== '' ||
    azureAcr ||
    googleAuth ||
    login.dockerConfig !== '';
  return {
    ...login,
    registryMirrors: [],
    ...(hasOwn ? { dockerConfigOrigin: 'settings' } : { dockerConfig, dockerConfigOrigin: 'user' }),
  };
}

function noLogin(): LoginKeys {
  return parseLogin(
    readRawLogin({
      string: () => '',
      boolean: () => false,
      strings: () => [],
      stringOrObject: () => '',
    }),
  );
}

/** The path of Docker's config.json; empty when there is none. */
async function ownDockerConfig(environment: Environment): Promise<string> {
  const directory = environment.DOCKER_CONFIG || join(environment.HOME || homedir(), '.docker');
  const path = join(directory, 'config.json');
  const isFile = await stat(path).then(
    (info) => info.isFile(),
    () => false,
  );
  return isFile ? path : '';
}
