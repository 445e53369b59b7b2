// Many registries at once: for each repository the settings of the longest matching prefix, its log-in and its budget.
import type { Log } from '../log.ts';
import { checkAddressable, parseRepository, type RepositoryReference } from '../oci/reference.ts';
import { requestUrl } from '../transport/resolve-url.ts';
import type { Session } from '../transport/session.ts';
import { repositoryScope } from '../transport/token.ts';
import { type Access, openAccess } from './access.ts';
import type { AccessSettings, AccessSurroundings } from './access-settings.ts';
import { createHostBudget, type HostBudget, type HostLimits, strictest } from './host-budget.ts';
import type { RegistryAccess } from './registry-access.ts';
import { mountScopes } from './repositories.ts';

/** How the repositories below a prefix are reached. */
export interface RegistrySettings extends HostLimits {
  /** `host`, `host:port`, or one of these with a path; whole path segments count. Empty for the default. */
  readonly prefix: string;
  readonly access: Omit<AccessSettings, 'repository'>;
}

/** Sessions for repositories on any number of registries. */
export interface Registries {
  /** A session that may read. */
  reader(repository: RepositoryReference): Promise<Session>;
  /** A session that may write, and read `mountFrom` on the same registry. */
  writer(repository: RepositoryReference, mountFrom?: RepositoryReference): Promise<Session>;
  /** A session that may read, write and delete. */
  deleter(repository: RepositoryReference): Promise<Session>;
  /** A session that may list the repositories of a registry; the settings are those of the names below `prefix`. */
  catalog(registry: string, prefix: string): Promise<Session>;
  /** For a server at a URL that is no registry: by the trust roots of the settings for its host. */
  service(url: string): ReturnType<Access['service']>;
  /** Closes all connections. */
  close(): Promise<void>;
}

/** The settings whose prefix is the longest of those that the name begins with, by whole path segments. */
export function settingsFor(
  name: string,
  settings: readonly RegistrySettings[],
): RegistrySettings | undefined {
  const matching = settings.filter(
    ({ prefix }) => prefix === '' || name === prefix || name.startsWith(`${prefix}/`),
  );
  return matching.toSorted((a, b) => b.prefix.length - a.prefix.length)[0];
}

/** Opens registries by settings, of which one must have an empty prefix. Nothing is sent before the first session. */
export function openRegistries(
  settings: readonly RegistrySettings[],
  surroundings: AccessSurroundings,
  log: Log,
): Registries {
  const accesses = new Map<RegistrySettings, Access>();
  const hosts = new Map<string, Promise<RegistryAccess>>();
  const budgets = new Map<string, HostBudget>();

  /** The budget of a host, also where several prefixes on it have settings of their own. */
  const budgetOf = (host: string): HostBudget => {
    const own = settings.filter(({ prefix }) => prefix.split('/', 1)[0] === host);
    const limits = strictest(own.length > 0 ? own : settings.filter(({ prefix }) => prefix === ''));
    const budget = budgets.get(host) ?? createHostBudget(limits, surroundings.clock);
    budgets.set(host, budget);
    return budget;
  };

  const accessFor = (entry: RegistrySettings): Access => {
    const access = accesses.get(entry) ?? openAccess(entry.access, 'promotion', surroundings, log);
    accesses.set(entry, access);
    return access;
  };

  const open = async (entry: RegistrySettings, name: string) => {
    const access = accessFor(entry);
    const login = await access.logIn({ ...entry.access, repository: name });
    const renamed = parseRepository(login.repository);
    checkAddressable(renamed, login.repository);
    const { insecure } = entry.access;
    const { credentials } = login.credentials;
    return access.registry(renamed.registry, { credentials, insecure }, budgetOf(renamed.registry));
  };

  const entryFor = (name: string): RegistrySettings => {
    const entry = settingsFor(name, settings);
    if (!entry) {
      throw new Error('registries need settings with an empty prefix');
    }
    return entry;
  };

  const session = async (repository: RepositoryReference, scopes: readonly string[]): Promise<Session> => {
    const name = `${repository.registry}/${repository.path}`;
    const entry = entryFor(name);
    const key = `${entry.prefix} ${repository.registry}`;
    const host = hosts.get(key) ?? open(entry, name);
    hosts.set(key, host);
    host.catch(() => hosts.delete(key));
    return await (await host).repository(repository.path, scopes);
  };

  return {
    reader: (repository) => session(repository, [repositoryScope(repository.path, 'pull')]),
    writer: (repository, mountFrom) =>
      session(repository, [
        repositoryScope(repository.path, 'push,pull'),
        ...mountScopes(repository, mountFrom),
      ]),
    deleter: (repository) => session(repository, [repositoryScope(repository.path, 'delete,push,pull')]),
    catalog: (registry, prefix) =>
      // No request has this path: it stands for whatever is below the prefix.
      session({ registry, path: `${prefix}/repositories`.replace(/^\//, '') }, ['registry:catalog:*']),
    service: (url) => accessFor(entryFor(requestUrl(url).host)).service(),
    close: async () => {
      await Promise.all([...accesses.values()].map((access) => access.close()));
    },
  };
}
