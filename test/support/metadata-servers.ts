// Fakes of the metadata servers of Azure and Google Cloud and of the login server of Entra ID, by their documentation.
import type { KeyPair } from './certificates.ts';
import { type RecordingServer, startRecordingServer } from './recording-server.ts';
import { jsonReply } from './reply.ts';

/** The token that {@link startAzureMetadata} issues. */
export const azureToken = 'topsecret-entra-token';
/** The client id of its only user-assigned identity. */
export const assignedClient = 'aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee';
/** The secret of App Service's endpoint. */
export const identityHeader = 'topsecret-identity-header';
/** The token that {@link startGoogleMetadata} issues. */
export const googleToken = 'topsecret-google-token';

/**
 * Azure's Instance Metadata Service at `/metadata/identity/oauth2/token` and App Service's endpoint at `/msi/token`,
 * for the resource of one cloud.
 */
export function startAzureMetadata(
  resource: string = 'https://management.azure.com',
): Promise<RecordingServer> {
  return startRecordingServer({
    answer: ({ path, query, headers, method }) => {
      const refuse = (status: number, description: string) =>
        jsonReply(status, { error: 'invalid_request', error_description: description });
      const isService = path === '/msi/token';
      if (method !== 'GET' || (!isService && !/^\/metadata\/identity\/oauth2\/token\/?$/.test(path))) {
        return refuse(404, 'no such endpoint');
      }
      if (isService ? headers['x-identity-header'] !== identityHeader : headers.metadata !== 'true') {
        return refuse(isService ? 401 : 400, 'Required metadata header not specified');
      }
      if (query.get('api-version') !== (isService ? '2019-08-01' : '2018-02-01')) {
        return refuse(400, 'api-version is not specified or not supported');
      }
      if (query.get('resource')?.replace(/\/$/, '') !== resource) {
        return refuse(400, `the resource principal named ${query.get('resource')} was not found`);
      }
      const client = query.get('client_id');
      if (client !== null && client !== assignedClient) {
        return refuse(400, 'Identity not found');
      }
      return jsonReply(200, {
        access_token: azureToken,
        client_id: client ?? '99999999-0000-0000-0000-000000000000',
        expires_in: '86399',
        expires_on: '4102444800',
        ext_expires_in: '86399',
        not_before: '1700000000',
        resource,
        token_type: 'Bearer',
      });
    },
  });
}

/**
 * A login server of Entra ID that issues `token` for the client assertion `assertion`. It speaks TLS only, and says
 * that its endpoints are at `url`, by default at its own port.
 */
export async function startEntra(
  tls: KeyPair,
  { assertion, token, url }: { readonly assertion: string; readonly token: string; readonly url?: string },
): Promise<RecordingServer> {
  const server: RecordingServer = await startRecordingServer({
    tls,
    answer: ({ path, body }) => {
      const [, tenant = '', rest] = /^\/([^/]+)(\/.*)$/.exec(path) ?? [];
      const own = url ?? server.url;
      if (rest === '/v2.0/.well-known/openid-configuration') {
        return jsonReply(200, {
          token_endpoint: `${own}/${tenant}/oauth2/v2.0/token`,
          authorization_endpoint: `${own}/${tenant}/oauth2/v2.0/authorize`,
          jwks_uri: `${own}/${tenant}/discovery/v2.0/keys`,
          issuer: `${own}/${tenant}/v2.0`,
        });
      }
      const form = new URLSearchParams(body.toString());
      if (rest !== '/oauth2/v2.0/token' || form.get('client_assertion') !== assertion) {
        return jsonReply(401, {
          error: 'invalid_client',
          error_description: 'AADSTS700211: No matching federated identity record found',
        });
      }
      return jsonReply(200, { token_type: 'Bearer', expires_in: 86_399, access_token: token });
    },
  });
  return server;
}

/** Google's metadata server with a default service account. */
export function startGoogleMetadata(): Promise<RecordingServer> {
  return startRecordingServer({
    answer: ({ path, headers }) => {
      const flavor = { 'metadata-flavor': 'Google' };
      if (headers['metadata-flavor'] !== 'Google') {
        return jsonReply(403, { error: 'Missing Metadata-Flavor:Google header' });
      }
      return path === '/computeMetadata/v1/instance/service-accounts/default/token'
        ? jsonReply(200, { access_token: googleToken, expires_in: 3599, token_type: 'Bearer' }, flavor)
        : jsonReply(404, {}, flavor);
    },
  });
}
