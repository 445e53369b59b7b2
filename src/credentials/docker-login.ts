// The log-in by docker_config: a Docker config.json in the request or in a file.
import { readFile, stat } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { UserError } from '../errors.ts';
import { parseRepository } from '../oci/reference.ts';
import { type BasicCredentials, describePadding } from '../transport/authorization.ts';
import type { CredentialSource, CredentialSurroundings } from './credential-source.ts';
import {
  type DockerLogin,
  entryCredentials,
  findDockerLogin,
  parseDockerConfig,
  registriesOf,
  secretsOfDockerConfig,
} from './docker-config.ts';
import { askDockerHelper } from './docker-helper.ts';
import type { DockerConfigOrigin, LoginMethod } from './login.ts';

/** How long credentials of a helper are kept, in milliseconds: it does not say when they expire. */
const helperCacheTime = 60_000;

/** The keys for a Docker config, as messages name them. */
const configKeys: Readonly<Record<Exclude<DockerConfigOrigin, 'user'>, string>> = {
  source: 'source.docker_config',
  settings: 'docker_config in the settings file',
};

/**
 * The credentials in a Docker config.json for a registry (`host` or `host:port`). `dockerConfig` is the document, or the
 * absolute path of the file or of its directory. A file is read again each time, a helper is run again after a minute, or
 * when what it returned was refused. A session is anonymous for a registry that is not in the document; that is a
 * warning unless the file is the user's own one, which is not about this registry in particular. Throws a UserError that
 * names where the document comes from for a file that cannot be read, a malformed document, and a helper that is missing or
 * fails.
 */
export function dockerConfigSource(
  dockerConfig: string,
  registry: string,
  surroundings: Pick<CredentialSurroundings, 'clock' | 'environment' | 'signal' | 'addSecret' | 'log'>,
  origin: DockerConfigOrigin = 'source',
): CredentialSource {
  const { clock, addSecret, log } = surroundings;
  const configName = nameOf(dockerConfig, origin);
  let cached: { readonly credentials: BasicCredentials | undefined; readonly until: number } | undefined;

  const warned = new Set<string>();
  const warnOnce = (message: string) => {
    if (!warned.has(message)) {
      warned.add(message);
      log.warn(message);
    }
  };

  const askHelper = async ({ helper, serverAddress }: HelperLogin, fresh: boolean) => {
    if (fresh || !cached || clock.now() >= cached.until) {
      const credentials = await askDockerHelper(helper, serverAddress, { ...surroundings, configName });
      cached = { credentials, until: clock.now() + helperCacheTime };
    }
    return cached.credentials;
  };

  return {
    name: 'docker_config',
    async credentials(fresh = false) {
      const { config, login } = await readLogin(dockerConfig, registry, addSecret, configName);
      const credentials = login?.kind === 'helper' ? await askHelper(login, fresh) : login?.credentials;
      if (!credentials) {
        const others = registriesOf(config).join(', ');
        const missing = `${configName} has no log-in for ${registry}${others && `, only for ${others}`}: it is asked anonymously`;
        if (origin === 'user') {
          log.debug(missing);
        } else {
          warnOnce(missing);
        }
        return undefined;
      }
      for (const [name, value] of Object.entries(credentials)) {
        const padding = describePadding(value);
        if (padding !== undefined) {
          warnOnce(`${configName}: the ${name} for ${registry} ${padding}: it is sent as it is`);
        }
      }
      [credentials.password, credentials.identityToken ?? ''].forEach(addSecret);
      return credentials;
    },
  };
}

/**
 * Throws a UserError, as the source of credentials does, for a file that cannot be read and a malformed document: bad input,
 * which is reported before any request. No helper is run.
 */
export async function checkDockerConfig(
  dockerConfig: string,
  registry: string,
  { addSecret }: Pick<CredentialSurroundings, 'addSecret'>,
  origin: DockerConfigOrigin = 'source',
): Promise<void> {
  await readLogin(dockerConfig, registry, addSecret, nameOf(dockerConfig, origin));
}

function nameOf(dockerConfig: string, origin: DockerConfigOrigin): string {
  return origin === 'user' ? dockerConfig : configKeys[origin];
}

/** The document, and what it has for the registry. */
async function readLogin(
  dockerConfig: string,
  registry: string,
  addSecret: CredentialSurroundings['addSecret'],
  configName: string,
) {
  const text = isInline(dockerConfig) ? dockerConfig : await readConfigFile(dockerConfig, configName);
  try {
    const config = parseDockerConfig(text);
    secretsOfDockerConfig(config).forEach(addSecret);
    const login = findDockerLogin(config, registry);
    return login?.kind === 'inline'
      ? {
          config,
          login: { kind: 'inline', credentials: entryCredentials(login.key, login.entry) } as const,
        }
      : { config, login };
  } catch (cause) {
    throw new UserError(`${configName} cannot be used`, { cause });
  }
}

type HelperLogin = Extract<DockerLogin, { kind: 'helper' }>;

/** Whether a `docker_config` is the document itself; otherwise it is a path. */
function isInline(dockerConfig: string): boolean {
  return dockerConfig.trimStart().startsWith('{');
}

async function readConfigFile(path: string, configName: string): Promise<string> {
  if (!isAbsolute(path)) {
    // Never quoted: it may be a document with passwords that was encoded twice.
    throw new UserError(`${configName} is neither a JSON object nor an absolute path`, {
      hint: 'set it to the content of a config.json, or to the path of one that starts with "/"',
    });
  }
  try {
    const isDirectory = (await stat(path)).isDirectory();
    return await readFile(isDirectory ? join(path, 'config.json') : path, 'utf8');
  } catch (cause) {
    const named = configName === path ? path : `${configName} names ${JSON.stringify(path)}, which`;
    throw new UserError(`${named} cannot be read`, { cause, code: 'DOCKER_CONFIG_UNREADABLE' });
  }
}

/** The log-in by `docker_config`. */
export const dockerConfigMethod: LoginMethod = {
  applies: ({ dockerConfig }) => dockerConfig !== '',
  async open({ repository, dockerConfig, dockerConfigOrigin }, surroundings) {
    const { registry } = parseRepository(repository);
    await checkDockerConfig(dockerConfig, registry, surroundings, dockerConfigOrigin);
    const credentials = dockerConfigSource(dockerConfig, registry, surroundings, dockerConfigOrigin);
    return { repository, credentials };
  },
};
