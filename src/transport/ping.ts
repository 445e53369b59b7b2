// The ping: the first request to a registry finds out whether it speaks https or http, and its challenge.
import { errorCode, errorText, UserError } from '../errors.ts';
import type { RepositoryReference } from '../oci/reference.ts';
import { isSameHost } from './authorization.ts';
import { type Challenge, parseChallenges } from './challenge.ts';
import type { Clock } from './clock.ts';
import type { HttpClient, HttpResponse } from './http-client.ts';
import { networkError } from './network-error.ts';
import { admitUrl, mayUseHttp, type SessionSecurity } from './plain-http.ts';
import { followRedirects } from './redirect.ts';
import { RegistryError } from './registry-error.ts';
import { requestUrl } from './resolve-url.ts';
import { discardBody, headerLines, registryError } from './response-body.ts';
import { httpHeadStart, registryLimits, type TimeLimits } from './time-limits.ts';

/** What a ping found out. */
export interface PingResult {
  readonly scheme: 'http' | 'https';
  /** Those of a 401; empty for a registry that is open to everybody. */
  readonly challenges: readonly Challenge[];
}

/**
 * Sends `GET /v2/` over https and, where plain http may be tried, over http as soon as https has failed or has not
 * responded within {@link httpHeadStart}; the first success wins. Throws both failures otherwise, or that over http alone
 * when it is the answer of a server that does not speak TLS.
 * Distribution specification, "Determining support"; the race is go-containerregistry's.
 */
export async function ping(
  client: HttpClient,
  repository: RepositoryReference,
  options: { insecure: boolean; secureOnly?: boolean; clock: Clock; limits?: TimeLimits },
): Promise<PingResult> {
  const { registry } = repository;
  const limits = options.limits ?? registryLimits;
  const secure = new AbortController();
  const security = { registry, insecure: options.insecure && !options.secureOnly };
  const mayLackTls = !options.secureOnly && mayUseHttp(repository, options.insecure);
  const requests = { limits, signal: secure.signal, mayLackTls };
  const overHttps = pingOver(client, { ...security, scheme: 'https' }, requests);
  if (!mayLackTls) {
    return await overHttps;
  }
  const plain = new AbortController();
  const overHttp = (async () => {
    const httpsFailed = overHttps.then(
      () => new Promise<never>(() => {}),
      () => undefined,
    );
    await Promise.race([httpsFailed, options.clock.sleep(httpHeadStart, plain.signal)]);
    return await pingOver(client, { ...security, scheme: 'http' }, { limits, signal: plain.signal });
  })();
  try {
    return await Promise.any([overHttps, overHttp]);
  } catch {
    const results = await Promise.allSettled([overHttps, overHttp]);
    const failures = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
    const [secureFailure, plainFailure] = failures;
    if (errorCode(secureFailure) === 'TLS_MISSING' && isAnswer(plainFailure)) {
      throw plainFailure;
    }
    throw new UserError(`no answer from ${registry} over https or http`, {
      cause: new AggregateError(failures, failures.map(errorText).join('; ')),
    });
  } finally {
    secure.abort();
    plain.abort();
    overHttp.catch(() => {});
  }
}

/** Whether a server has answered over http; with 400 one answers that speaks TLS after all. */
function isAnswer(failure: unknown): boolean {
  return failure instanceof RegistryError && failure.status !== 400;
}

/** What the requests of a ping over one scheme have in common. */
interface PingRequests {
  readonly limits: TimeLimits;
  readonly signal: AbortSignal;
  readonly mayLackTls?: boolean;
}

async function pingOver(
  client: HttpClient,
  security: SessionSecurity,
  requests: PingRequests,
): Promise<PingResult> {
  const { registry, scheme } = security;
  const { response } = await followRedirects(
    { method: 'GET', url: `${scheme}://${registry}/v2/` },
    ({ url }) => pingOnce(client, url, requests),
    // Over http a registry may redirect to https on its own host; over https only `insecure` allows the reverse.
    scheme === 'http' || security.insecure
      ? undefined
      : (url, from) => admitUrl(url, { method: 'GET', from: from.url, isVerified: false }, security).url,
  );
  return await readPing(response, security);
}

async function pingOnce(
  client: HttpClient,
  url: string,
  { limits, ...request }: PingRequests,
): Promise<HttpResponse> {
  try {
    const { handshake: timeout, document: bodyTime } = limits;
    return await client.send({ ...request, method: 'GET', url, headers: {}, timeout, bodyTime });
  } catch (error) {
    throw networkError('GET', url, error);
  }
}

async function readPing(response: HttpResponse, { registry, scheme }: SessionSecurity): Promise<PingResult> {
  if (response.status !== 200 && response.status !== 401) {
    throw await registryError('GET', response);
  }
  await discardBody(response);
  const last = requestUrl(response.url);
  // What another host says is not about the registry: its challenge must not get the credentials.
  const isOwn = isSameHost(last.host, registry, last.scheme);
  const isChallenge = isOwn && response.status === 401;
  return {
    scheme: isOwn ? last.scheme : scheme,
    challenges: isChallenge ? parseChallenges(headerLines(response, 'www-authenticate')) : [],
  };
}
