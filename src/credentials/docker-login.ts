// The log-in by docker_config: a Docker config.json in the request or in a file.
import { readFile, stat } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { UserError } from '../errors.ts';
import { parseRepository } from '../oci/reference.ts';
import { type BasicCredentials, describePadding } from '../transport/authorization.ts';
import type { CredentialSource, CredentialSurroundings } from './credential-source.ts';
import {
  entryCredentials,
  findDockerLogin,
  parseDockerConfig,
  registriesOf,
  secretsOfDockerConfig,
} from './docker-config.ts';
import { askDockerHelper } from './docker-helper.ts';
import type { LoginMethod } from './login.ts';

/** How long credentials of a helper are kept, in milliseconds: it does not say when they expire. */
const helperCacheTime = 60_000;

/**
 * The credentials in a Docker config.json for a registry (`host` or `host:port`). `dockerConfig` is the document, or the
 * absolute path of the file or of its directory. A file is read again each time, a helper is run again after a minute, or
 * when what it returned was refused. A session is anonymous for a registry that is not in the document; that is a
 * warning unless the file is the user's own one (`isOwn`), which nobody chose for this registry. Throws a UserError for a
 * file that cannot be read, a malformed document, and a helper that is missing or fails.
 */
export function dockerConfigSource(
  dockerConfig: string,
  registry: string,
  surroundings: Pick<CredentialSurroundings, 'clock' | 'environment' | 'signal' | 'addSecret' | 'log'>,
  isOwn = false,
): CredentialSource {
  const { clock, addSecret, log } = surroundings;
  let cached: { readonly credentials: BasicCredentials | undefined; readonly until: number } | undefined;

  const warned = new Set<string>();
  const warnOnce = (message: string) => {
    if (!warned.has(message)) {
      warned.add(message);
      log.warn(message);
    }
  };

  const askHelper = async (helper: string, serverAddress: string, fresh: boolean) => {
    if (fresh || !cached || clock.now() >= cached.until) {
      const credentials = await askDockerHelper(helper, serverAddress, surroundings);
      cached = { credentials, until: clock.now() + helperCacheTime };
    }
    return cached.credentials;
  };

  return {
    name: 'docker_config',
    async credentials(fresh = false) {
      const text = isInline(dockerConfig) ? dockerConfig : await readConfigFile(dockerConfig);
      const config = parseDockerConfig(text);
      secretsOfDockerConfig(config).forEach(addSecret);
      const login = findDockerLogin(config, registry);
      const credentials =
        login?.kind === 'helper'
          ? await askHelper(login.helper, login.serverAddress, fresh)
          : login && entryCredentials(login.key, login.entry);
      if (!credentials) {
        const others = registriesOf(config).join(', ');
        const missing = `docker_config has no log-in for ${registry}${others && `, only for ${others}`}: it is asked anonymously`;
        if (isOwn) {
          log.debug(missing);
        } else {
          warnOnce(missing);
        }
        return undefined;
      }
      for (const [name, value] of Object.entries(credentials)) {
        const padding = describePadding(value);
        if (padding !== undefined) {
          warnOnce(`docker_config: the ${name} for ${registry} ${padding}: it is sent as it is`);
        }
      }
      [credentials.password, credentials.identityToken ?? ''].forEach(addSecret);
      return credentials;
    },
  };
}

/** Whether a `docker_config` is the document itself; otherwise it is a path. */
function isInline(dockerConfig: string): boolean {
  return dockerConfig.trimStart().startsWith('{');
}

async function readConfigFile(path: string): Promise<string> {
  if (!isAbsolute(path)) {
    // Never quoted: it may be a document with passwords that was encoded twice.
    throw new UserError('source.docker_config is neither a JSON object nor an absolute path', {
      hint: 'set it to the content of a config.json, or to the path of one that starts with "/"',
    });
  }
  try {
    const isDirectory = (await stat(path)).isDirectory();
    return await readFile(isDirectory ? join(path, 'config.json') : path, 'utf8');
  } catch (cause) {
    throw new UserError(`source.docker_config names ${JSON.stringify(path)}, which cannot be read`, {
      cause,
      hint: 'set it to the path of a config.json in the image of the resource type, or to the content of one',
    });
  }
}

/** The log-in by `docker_config`. */
export const dockerConfigMethod: LoginMethod = {
  applies: ({ dockerConfig }) => dockerConfig !== '',
  async open({ repository, dockerConfig, isOwnDockerConfig }, surroundings) {
    const { registry } = parseRepository(repository);
    const credentials = dockerConfigSource(dockerConfig, registry, surroundings, isOwnDockerConfig);
    return { repository, credentials };
  },
};
