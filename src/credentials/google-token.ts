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

/** A token, and when it expires in milliseconds since the epoch, if known. */
export interface GoogleToken {
  readonly token: string;
  readonly expires: number | undefined;
}

const scope = 'https://www.googleapis.com/auth/cloud-platform';
const metadataHost = '169.254.169.254';

/**
 * A token with the scope cloud-platform, from the first of these: the file named by GOOGLE_APPLICATION_CREDENTIALS, the
 * file that `gcloud auth application-default login` writes, the metadata server (GCE_METADATA_HOST), which has to respond
 * within three seconds. A file may contain a service account, a user, or an external account (workload identity
 * federation). Throws a UserError that names the file or the server.
 */
export async function googleToken(surroundings: CredentialSurroundings): Promise<GoogleToken> {
  const { environment, addSecret, clock } = surroundings;
  const file = credentialsFile(environment);
  const host = environment.GCE_METADATA_HOST || metadataHost;
  return await withMetadataClient(surroundings, [host], async (client) => {
    const issued =
      file === undefined
        ? await metadataToken(client, host, clock.now())
        : await fileToken(client, file, addSecret);
    addSecret(issued.token);
    return issued;
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
    // The library does not pass its settings to the part that exchanges tokens of external accounts.
    const exchange: unknown = Reflect.get(authorized, 'stsCredential');
    if (typeof exchange === 'object' && exchange !== null) {
      Object.assign(exchange, { transporter: authorized.transporter });
    }
    const { token } = await authorized.getAccessToken();
    if (!token) {
      throw new UserError('the response has no token');
    }
    return { token, expires: authorized.credentials.expiry_date ?? undefined };
  } catch (error) {
    throw new UserError(`requesting a token with the credentials in ${file} failed`, {
      cause: error instanceof UserError ? error : new UserError(firstLine(error)),
      hint: 'check the file: a key of a service account, an external account, or what gcloud wrote',
    });
  }
}

/** Not by the library, which sends requests to metadata servers when it looks for files, and quotes malformed files. */
async function readCredentials(file: string): Promise<JsonObject> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new UserError('the file cannot be read', { cause });
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

/** Not by the library, which would use a proxy, and a proxy would return the token of another machine. */
async function metadataToken(client: HttpClient, host: string, now: number): Promise<GoogleToken> {
  const url = `http://${host}/computeMetadata/v1/instance/service-accounts/default/token?scopes=${encodeURIComponent(scope)}`;
  const headers = { 'metadata-flavor': 'Google' };
  const response = await client
    .send({ method: 'GET', url, headers, timeout: metadataPatience })
    .catch((error: unknown) => {
      throw new UserError('there is no file of credentials, and the metadata server is absent', {
        cause: networkError('GET', url, error),
        hint: 'set GOOGLE_APPLICATION_CREDENTIALS, or use a machine of Google Cloud with a service account',
      });
    });
  const body = await readBody('GET', response, maximumErrorBody);
  if (response.status !== 200 || headerText(response, 'metadata-flavor') !== 'Google') {
    throw new UserError(`the metadata server of Google Cloud returned no token: status ${response.status}`, {
      hint: 'attach a service account with the scope cloud-platform to the machine',
    });
  }
  const document = parseJson(body);
  const { access_token: token, expires_in: life } = isJsonObject(document) ? document : {};
  if (typeof token !== 'string' || token === '') {
    throw new UserError(
      'the metadata server of Google Cloud returned no token: the response has no access_token',
    );
  }
  return { token, expires: typeof life === 'number' ? now + life * 1000 : undefined };
}
