// The settings file of registry-image: how registries are reached, and where images may be promoted to.
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { LineCounter, parseDocument } from 'yaml';
import type { RegistrySettings } from '../access/registries.ts';
import { UserError } from '../errors.ts';
import { compilePattern, type Pattern } from '../policy/pattern.ts';
import { decodeObject, type ObjectReader } from '../request/decode.ts';
import { secretsOfLogin } from '../request/secrets.ts';
import { parseLogin, readRawLogin } from '../request/source.ts';

/** What the settings file says. */
export interface CliSettings {
  /** One of them, the last, has an empty prefix. */
  readonly registries: readonly RegistrySettings[];
  /** Where images may go; no pattern at all allows everything. */
  readonly allowDestinations: readonly Pattern[];
  /** Strings that must never appear in any output. */
  readonly secrets: readonly string[];
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads the settings file at `path`; without one only Docker's own `config.json` counts. Throws a UserError that names the
 * file and the place.
 */
export async function readSettings(path: string | undefined, environment: Environment): Promise<CliSettings> {
  const fallback = await dockerSettings(environment);
  if (path === undefined) {
    return { registries: [fallback], allowDestinations: [], secrets: [] };
  }
  try {
    const settings = parseSettings(await readFile(path, 'utf8'), environment);
    return { ...settings, registries: [...settings.registries, fallback] };
  } catch (cause) {
    throw new UserError(`the settings file ${JSON.stringify(path)} cannot be used`, { cause });
  }
}

/** The settings in a YAML document, `${NAME}` replaced by variables of the environment. */
export function parseSettings(text: string, environment: Environment): CliSettings {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const [error] = document.errors;
  if (error) {
    const { line, col } = lines.linePos(error.pos[0]);
    throw new UserError(`line ${line}, column ${col}: ${error.message}`);
  }
  const json = JSON.stringify(document.toJS({ maxAliasCount: 100 }) ?? {}, (_, value: unknown) =>
    typeof value === 'string' ? withVariables(value, environment) : value,
  );
  const { registries, allow } = decodeObject(json, (object) => ({
    registries: object.objects('registries', readRegistry, refuseText),
    allow: object.strings('allow_destinations'),
  }));
  return {
    registries: registries.map(({ settings }) => settings),
    allowDestinations: allow.map((pattern) => compilePattern(pattern, 'allow_destinations')),
    secrets: registries.flatMap(({ secrets }) => secrets),
  };
}

function readRegistry(object: ObjectReader): { settings: RegistrySettings; secrets: string[] } {
  const prefix = object.string('name');
  const login = parseLogin(readRawLogin(object));
  const maxRequestsPerSecond = positive(object.scalar('max_requests_per_second'), 'max_requests_per_second');
  const maxConcurrent = positive(object.scalar('max_concurrent'), 'max_concurrent');
  if (prefix === '') {
    throw new UserError('registries: "name" is missing', {
      hint: 'write the host of the registry, or the beginning of its repositories: registry.example.com/team',
    });
  }
  return {
    settings: {
      prefix: prefix.replace(/\/+$/, ''),
      access: { ...login, registryMirrors: [] },
      maxRequestsPerSecond,
      maxConcurrent,
    },
    secrets: secretsOfLogin(login),
  };
}

function refuseText(): never {
  throw new UserError('registries: each entry must be an object with a "name"');
}

function positive(text: string, key: string): number | undefined {
  if (text === '') {
    return undefined;
  }
  const number = Number(text);
  if (!(number > 0)) {
    throw new UserError(`${key} must be a number above 0, not ${JSON.stringify(text)}`);
  }
  return number;
}

function withVariables(text: string, environment: Environment): string {
  return text.replace(/\$\{([A-Za-z_]\w*)\}/g, (_, name: string) => {
    const value = environment[name];
    if (value === undefined) {
      throw new UserError(`the variable ${name} is not set in the environment`);
    }
    return value;
  });
}

async function dockerSettings(environment: Environment): Promise<RegistrySettings> {
  const directory = environment.DOCKER_CONFIG || join(environment.HOME || homedir(), '.docker');
  const path = join(directory, 'config.json');
  const exists = await readFile(path).then(
    () => true,
    () => false,
  );
  const login = parseLogin(decodeObject('{}', readRawLogin));
  return { prefix: '', access: { ...login, registryMirrors: [], dockerConfig: exists ? path : '' } };
}
