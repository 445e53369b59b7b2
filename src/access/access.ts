// Connections to registries for one command: trust roots, HTTP clients, proxies, and the log-in of settings.
import type { Login } from '../credentials/login.ts';
import { resolveLogin } from '../credentials/resolve-login.ts';
import type { Log } from '../log.ts';
import type { ClientCertificate } from '../transport/connections.ts';
import type { HttpClient } from '../transport/http-client.ts';
import { createHttpClient } from '../transport/node-http-client.ts';
import { proxyFor } from '../transport/proxy.ts';
import { createRetrier, type Retrier } from '../transport/retrier.ts';
import { mirrorLimits, registryLimits, type TimeLimits } from '../transport/time-limits.ts';
import { createTrustRoots, expiredCertificates, machineTrustFiles } from '../transport/trust-roots.ts';
import type { AccessSettings, AccessSurroundings } from './access-settings.ts';
import type { HostBudget } from './host-budget.ts';
import { withHostCircuit } from './host-circuit.ts';
import { openRegistry, type RegistryAccess, type RegistryLogin } from './registry-access.ts';
import { loggingRequests } from './request-log.ts';
import { redactingSecrets } from './request-secrets.ts';
import { type RetryPolicies, retryPolicies } from './retry-policies.ts';
import { logTransportEvents } from './transport-log.ts';

/** Opens registries that share trust roots, proxies and connections. */
export interface Access {
  /** A registry, `host` or `host:port`; with a budget its requests keep to it. None is sent before its first session. */
  registry(host: string, login: RegistryLogin, budget?: HostBudget): RegistryAccess;
  /** A registry that stands in for another one: it gets less time, and few retries. */
  mirror(host: string, login: RegistryLogin): RegistryAccess;
  /** For servers that are no registries: by the same trust roots and proxies, with the patience of the command. */
  service(): { readonly client: HttpClient; readonly retrier: Retrier };
  /** Chooses the log-in that settings ask for. May send requests; fails with a UserError of that log-in. */
  logIn(settings: AccessSettings): Promise<Login>;
  /** Closes all connections. */
  close(): Promise<void>;
}

/** The time limit of a silent registry is divided by this in a test run: a minute becomes 5 seconds. */
const shrunkTimeoutDivisor = 12;

/**
 * Access by the certificates of the system and of `caCerts`. Sends no request. Throws a UserError that names the entry
 * of ca_certs without a certificate, and logs a warning for each that expired.
 */
export function openAccess(
  { caCerts }: Pick<AccessSettings, 'caCerts'>,
  command: Exclude<keyof RetryPolicies, 'mirror'>,
  surroundings: AccessSurroundings,
  log: Log,
): Access {
  const { environment, clock, addSecret, signal, waits } = surroundings;
  const trustRoots = createTrustRoots({ environment, caCerts, files: machineTrustFiles });
  for (const { position, expired } of expiredCertificates(caCerts, clock.now())) {
    log.warn(`ca_certs[${position}] expired on ${expired}: no server is trusted by it; renew or remove it`);
  }

  const clients: HttpClient[] = [];
  const newClient = (
    connectTimeout: number,
    timeoutDivisor: number,
    clientCertificate?: ClientCertificate,
  ) => {
    const client = createHttpClient({
      trustRoots,
      connectTimeout,
      timeoutDivisor,
      clientCertificate,
      signal,
      proxyFor: (url) => proxyFor(url, environment),
    });
    clients.push(client);
    return redactingSecrets(loggingRequests(client, log, clock), surroundings);
  };
  const policies = retryPolicies(waits);
  const divisor = waits === 'shrunk' ? shrunkTimeoutDivisor : 1;
  // Only the client knows of the divisor, but a download is watched outside of it.
  const limitsOf = (limits: TimeLimits) => ({ ...limits, blob: limits.blob / divisor });
  const registryClient = newClient(registryLimits.connect, divisor);
  // The limits of a mirror are seconds already.
  const mirrorClient = newClient(mirrorLimits.connect, 1);

  const serviceRetrier = createRetrier({
    policy: policies[command],
    clock,
    random: surroundings.random,
    signal,
    onEvent: logTransportEvents(log),
  });

  return {
    service: () => ({ client: registryClient, retrier: serviceRetrier }),
    registry(host, login, budget) {
      const { clientCertificate } = login;
      const client = clientCertificate
        ? newClient(registryLimits.connect, divisor, clientCertificate)
        : registryClient;
      const budgeted = budget ? withHostCircuit(budget(client), clock) : client;
      return openRegistry(
        { host, login, client: budgeted, limits: limitsOf(registryLimits), policy: policies[command] },
        surroundings,
        log,
      );
    },
    mirror: (host, login) =>
      openRegistry(
        { host, login, client: mirrorClient, limits: limitsOf(mirrorLimits), policy: policies.mirror },
        surroundings,
        log,
      ),
    logIn: (settings) =>
      resolveLogin(settings, {
        environment,
        clock,
        signal,
        addSecret,
        log,
        client: registryClient,
        trustRoots,
      }),
    close: async () => {
      await Promise.all(clients.map((client) => client.close()));
    },
  };
}
