// An access token by the application default credentials of Google Cloud: a file of the worker, or its metadata server.

import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../errors.ts';
import { maximumErrorBody } from '../limits.ts';
import { isJsonObject, type JsonObject, parseJson } from '../oci/json.ts';
import type { HttpClient } from '../transport/http-client.ts';
import { networkError } from '../transport/network-error.ts';
import type { Environment } from '../transport/proxy.ts';
import { headerText, readBody } from '../transport/response-body.ts';
import type { CredentialSurroundings } from './credential-source.ts';
import { googleFetch } from './google-http.ts';
import { metadataPatience, withMetadataClient } from './metadata-client.ts';

/** A token, and its end in milliseconds since the epoch where it is known. */
export interface GoogleToken {
  readonly token: string;
  readonly expires: number | undefined;
}

const scope = 'https://www.googleapis.com/auth/cloud-platform';
const metadataHost = '169.254.169.254';

/**
 * A token with the scope cloud-platform. The first of these is asked: the file that GOOGLE_APPLICATION_CREDENTIALS
 * names, the one that `gcloud auth application-default login` leaves, the metadata server (GCE_METADATA_HOST), which
 * has to answer within three seconds. A file may hold a service account, a user, or an external account (workload
 * identity federation). Fails with a UserError that names who was asked.
 */
export async function googleToken(surroundings: CredentialSurroundings): Promise<GoogleToken> {
  const { environment, addSecret, clock } = surroundings;
  const file = credentialsFile(environment);
  const host = environment.GCE_METADATA_HOST || metadataHost;
  return await withMetadataClient(surroundings, [host], async (client) => {
    const answer =
      file === undefined
        ? await metadataToken(client, host, clock.now())
        : await fileToken(client, file, addSecret);
    addSecret(answer.token);
    return answer;
  });
}

function credentialsFile(environment: Environment): string | undefined {
  const { GOOGLE_APPLICATION_CREDENTIALS, CLOUDSDK_CONFIG, HOME } = environment;
  if (GOOGLE_APPLICATION_CREDENTIALS) {
    return GOOGLE_APPLICATION_CREDENTIALS;
  }
  const directory = CLOUDSDK_CONFIG || (HOME ? join(HOME, '.config', 'gcloud') : '');
  const file = join(directory, 'application_default_credentials.json');
  return directory !== '' && existsSync(file) ? file : undefined;
}

async function fileToken(
  client: HttpClient,
  file: string,
  addSecret: (secret: string) => void,
): Promise<GoogleToken> {
  try {
    const credentials = await readCredentials(file);
    const { GoogleAuth } = await import('./google-sdk.ts');
    const transporterOptions = { fetchImplementation: googleFetch(client, addSecret) };
    const auth = new GoogleAuth({ credentials, scopes: [scope], clientOptions: { transporterOptions } });
    const authorized = await auth.getClient();
    // The library forgets to hand its settings on to the part that exchanges tokens of external accounts.
    const exchange: unknown = Reflect.get(authorized, 'stsCredential');
    if (typeof exchange === 'object' && exchange !== null) {
      Object.assign(exchange, { transporter: authorized.transporter });
    }
    const { token } = await authorized.getAccessToken();
    if (!token) {
      throw new UserError('there is no token in the answer');
    }
    return { token, expires: authorized.credentials.expiry_date ?? undefined };
  } catch (error) {
    throw new UserError(`the credentials in ${file} give no token`, {
      cause: error instanceof UserError ? error : new UserError(firstLine(error)),
      hint: 'check the file: a key of a service account, an external account, or what gcloud wrote',
    });
  }
}

/** By ourselves: the library asks metadata servers when it looks for files, and quotes what it can't parse. */
async function readCredentials(file: string): Promise<JsonObject> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new UserError('the file can not be read', { cause });
  });
  const document = parseJson(text);
  if (!isJsonObject(document)) {
    throw new UserError('the file is not a JSON object');
  }
  return document;
}

function firstLine(error: unknown): string {
  const [line = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
  return line.slice(0, 500);
}

/** Google's library would ask by way of a proxy, which answers for another machine if at all. */
async function metadataToken(client: HttpClient, host: string, now: number): Promise<GoogleToken> {
  const url = `http://${host}/computeMetadata/v1/instance/service-accounts/default/token?scopes=${encodeURIComponent(scope)}`;
  const headers = { 'metadata-flavor': 'Google' };
  const response = await client
    .send({ method: 'GET', url, headers, timeout: metadataPatience })
    .catch((error: unknown) => {
      throw new UserError('there is no file of credentials, and the metadata server is absent', {
        cause: networkError('GET', url, error),
        hint: 'set GOOGLE_APPLICATION_CREDENTIALS of the worker, or run it on Google Cloud with a service account',
      });
    });
  const body = await readBody('GET', response, maximumErrorBody);
  if (response.status !== 200 || headerText(response, 'metadata-flavor') !== 'Google') {
    throw new UserError(`the metadata server of Google Cloud gives no token: status ${response.status}`, {
      hint: 'attach a service account with the scope cloud-platform to the machine of the worker',
    });
  }
  const document = parseJson(body);
  const { access_token: token, expires_in: life } = isJsonObject(document) ? document : {};
  if (typeof token !== 'string' || token === '') {
    throw new UserError('the metadata server of Google Cloud gives no token: its answer has no access_token');
  }
  return { token, expires: typeof life === 'number' ? now + life * 1000 : undefined };
}
