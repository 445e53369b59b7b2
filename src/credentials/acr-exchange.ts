// Exchanges an access token of Entra ID for a refresh token of an Azure Container Registry.
import { UserError } from '../errors.ts';
import { maximumErrorBody } from '../limits.ts';
import { isJsonObject, parseJson } from '../oci/json.ts';
import type { HttpClient, HttpResponse } from '../transport/http-client.ts';
import { networkError } from '../transport/network-error.ts';
import { discardBody, headerText, readBody } from '../transport/response-body.ts';
import { registryLimits } from '../transport/time-limits.ts';
import { encodeQuery, escapeQuery } from '../transport/url-query.ts';
import { challengeTenant, commonTenant } from './acr-cloud.ts';

/** How many bytes of a response an error quotes. */
const quotedBody = 4096;

/** The registry, and the access token of Entra ID for this tenant. */
export interface AcrExchange {
  /** `https://HOST`, or `http://` where plain HTTP is permitted. */
  readonly origin: string;
  readonly registry: string;
  readonly tenant: string;
  readonly accessToken: string;
}

/**
 * Whether a registry responds over https, with whatever status. For a registry that may be asked over http: an identity
 * token goes over http only when https does not work.
 */
export async function respondsOverHttps(client: HttpClient, registry: string): Promise<boolean> {
  return (await requestChallenge(client, `https://${registry}`)) !== undefined;
}

/**
 * The tenant in the challenge of a registry to a request without credentials; `common` when there is none or the request
 * fails: the exchange that follows reports what is wrong.
 */
export async function discoverTenant(client: HttpClient, origin: string): Promise<string> {
  const response = await requestChallenge(client, origin);
  const challenge = (response && headerText(response, 'www-authenticate')) ?? '';
  return response?.status === 401 ? challengeTenant(challenge) : commonTenant;
}

/** The response to a request without credentials; undefined when there is none. */
async function requestChallenge(client: HttpClient, origin: string): Promise<HttpResponse | undefined> {
  try {
    const response = await client.send({
      method: 'GET',
      url: `${origin}/v2/`,
      headers: {},
      timeout: registryLimits.handshake,
    });
    await discardBody(response);
    return response;
  } catch {
    return undefined;
  }
}

/**
 * Exchanges the access token for a refresh token of the registry (Azure's AAD-OAuth.md: POST /oauth2/exchange). Throws a
 * UserError with the status and up to 4 KiB of the response, in which the access token is redacted.
 */
export async function exchangeToken(client: HttpClient, exchange: AcrExchange): Promise<string> {
  const { origin, registry, tenant, accessToken } = exchange;
  const url = `${origin}/oauth2/exchange`;
  const form = Object.entries({
    grant_type: 'access_token',
    service: registry,
    tenant,
    access_token: accessToken,
  });
  const content = Buffer.from(encodeQuery(new Map(form.map(([key, value]) => [key, [escapeQuery(value)]]))));
  const response = await client
    .send({
      method: 'POST',
      url,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: { length: content.length, open: async () => content },
      timeout: registryLimits.handshake,
    })
    .catch((error: unknown) => {
      throw networkError('POST', url, error);
    });
  const body = await readBody('POST', response, maximumErrorBody);
  if (response.status !== 200) {
    const message = body.toString().replaceAll(accessToken, '[token]');
    const quoted = Buffer.from(message).subarray(0, quotedBody).toString().trim();
    throw new UserError(
      `exchanging the token at ${registry}: status ${response.status}${quoted === '' ? '' : `: ${quoted}`}`,
      { hint: 'give the identity the role AcrPull on the registry, or AcrPush for a put' },
    );
  }
  return readRefreshToken(body, registry);
}

function readRefreshToken(body: Buffer, registry: string): string {
  const document = parseJson(body);
  if (document === undefined) {
    throw new UserError(`exchanging the token at ${registry}: cannot decode the response: it is not JSON`);
  }
  const token = isJsonObject(document) ? document.refresh_token : undefined;
  if (typeof token !== 'string' || token === '') {
    throw new UserError(`exchanging the token at ${registry}: the response has no refresh_token`);
  }
  return token;
}
