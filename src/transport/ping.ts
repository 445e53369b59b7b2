// The ping: the first request to a registry finds out whether it speaks https or http, and its challenge.
import { errorText, UserError } from '../errors.ts';
import type { RepositoryReference } from '../oci/reference.ts';
import { type Challenge, chooseChallenge } from './challenge.ts';
import type { Clock } from './clock.ts';
import type { HttpClient, HttpResponse } from './http-client.ts';
import { networkError } from './network-error.ts';
import { mayUseHttp } from './plain-http.ts';
import { followRedirects } from './redirect.ts';
import { requestUrl } from './resolve-url.ts';
import { discardBody, headerLines, registryError } from './response-body.ts';
import { httpHeadStart, registryLimits, type TimeLimits } from './time-limits.ts';

/** What a ping found out. */
export interface PingResult {
  readonly scheme: 'http' | 'https';
  /** `open`: the status was 200; `challenged`: it was 401, with the challenge if it could be parsed. */
  readonly access: 'open' | 'challenged';
  readonly challenge?: Challenge;
}

/**
 * Sends `GET /v2/` over https and, where plain http may be tried, over http as soon as https has failed or has not
 * responded within {@link httpHeadStart}; the first success wins. Throws both failures otherwise.
 * Distribution specification, "Determining support"; the race is go-containerregistry's.
 */
export async function ping(
  client: HttpClient,
  repository: RepositoryReference,
  options: { insecure: boolean; secureOnly?: boolean; clock: Clock; limits?: TimeLimits },
): Promise<PingResult> {
  const { registry } = repository;
  const { handshake } = options.limits ?? registryLimits;
  const secure = new AbortController();
  const overHttps = pingOver(client, `https://${registry}/v2/`, handshake, secure.signal);
  if (options.secureOnly || !mayUseHttp(repository, options.insecure)) {
    return await overHttps;
  }
  const plain = new AbortController();
  const overHttp = (async () => {
    const httpsFailed = overHttps.then(
      () => new Promise<never>(() => {}),
      () => undefined,
    );
    await Promise.race([httpsFailed, options.clock.sleep(httpHeadStart, plain.signal)]);
    return await pingOver(client, `http://${registry}/v2/`, handshake, plain.signal);
  })();
  try {
    return await Promise.any([overHttps, overHttp]);
  } catch {
    const [first, second] = await Promise.allSettled([overHttps, overHttp]);
    const failures = [first, second].flatMap((result) =>
      result.status === 'rejected' ? [result.reason] : [],
    );
    throw new UserError(`no answer from ${registry} over https or http`, {
      cause: new AggregateError(failures, failures.map(errorText).join('; ')),
    });
  } finally {
    secure.abort();
    plain.abort();
    overHttp.catch(() => {});
  }
}

async function pingOver(
  client: HttpClient,
  first: string,
  timeout: number,
  signal: AbortSignal,
): Promise<PingResult> {
  const { response } = await followRedirects({ method: 'GET', url: first }, ({ url }) =>
    pingOnce(client, url, timeout, signal),
  );
  return await readPing(response);
}

async function pingOnce(
  client: HttpClient,
  url: string,
  timeout: number,
  signal: AbortSignal,
): Promise<HttpResponse> {
  try {
    return await client.send({ method: 'GET', url, headers: {}, timeout, signal });
  } catch (error) {
    throw networkError('GET', url, error);
  }
}

async function readPing(response: HttpResponse): Promise<PingResult> {
  if (response.status !== 200 && response.status !== 401) {
    throw await registryError('GET', response);
  }
  await discardBody(response);
  const { scheme } = requestUrl(response.url);
  if (response.status === 200) {
    return { scheme, access: 'open' };
  }
  const challenge = chooseChallenge(headerLines(response, 'www-authenticate'));
  return { scheme, access: 'challenged', ...(challenge ? { challenge } : {}) };
}
