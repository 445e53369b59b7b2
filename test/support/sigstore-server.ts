// Fulcio, Rekor and a timestamp authority over HTTP on loopback, for tests that sign by an identity token.
import { verify } from 'node:crypto';
import { fulcioHandler, type HandlerFn, rekorHandler, tsaHandler } from '@sigstore/mock';
import {
  type RecordingServer,
  type RecordingServerOptions,
  startRecordingServer,
} from './recording-server.ts';
import { jsonReply, type Reply } from './reply.ts';
import { createSigstore, dsseEntry, type TestIdentity, type TestSigstore } from './sigstore.ts';

/** A running deployment: all services under one URL. */
export interface SigstoreServer extends AsyncDisposable {
  readonly sigstore: TestSigstore;
  /** Of Fulcio, Rekor and the timestamp authority. */
  readonly url: string;
  readonly port: number;
  /** What was asked. */
  readonly journal: RecordingServer['journal'];
  readonly faults: RecordingServer['faults'];
}

/** An identity token as an OpenID provider issues it; nobody here verifies its signature. */
export function identityToken({ issuer, subject }: TestIdentity, claims: object = {}): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const exp = Math.floor(Date.now() / 1000) + 600;
  const body = { iss: issuer, sub: subject, aud: 'sigstore', exp, ...claims };
  return `${part({ alg: 'none', typ: 'JWT' })}.${part(body)}.${part({})}`;
}

/**
 * Starts the services, with the APIs of Fulcio 2, Rekor 1 and the timestamp authority of sigstore, which is asked in JSON or as
 * RFC 3161 says. What was entered in the log once is not entered again, as in Rekor.
 */
export async function startSigstore(
  options: Pick<RecordingServerOptions, 'tls'> = {},
): Promise<SigstoreServer> {
  let handlers: ReadonlyMap<string, HandlerFn> = new Map();
  let current: TestSigstore | undefined;
  const entered = new Map<string, string>();
  const server = await startRecordingServer({
    ...options,
    answer: async ({ method, path, body }): Promise<Reply> => {
      const earlier = [...entered.values()].find((entry) => path === `${entriesPath}/${idOf(entry)}`);
      if (method === 'GET' && earlier !== undefined) {
        return jsonReply(200, JSON.parse(earlier));
      }
      const handler = handlers.get(path);
      if (method !== 'POST' || !handler || !current) {
        return jsonReply(404, { code: 5, message: `no such endpoint: ${method} ${path}` });
      }
      const known = path === entriesPath ? entered.get(body.toString()) : undefined;
      if (known !== undefined) {
        const location = `${entriesPath}/${idOf(known)}`;
        return {
          ...jsonReply(409, { code: 409, message: 'an equivalent entry already exists' }),
          headers: { location },
        };
      }
      const request = proposal(path, body);
      if (request === undefined) {
        return jsonReply(400, {
          code: 3,
          message: 'The proof of possession is not a signature of the subject',
        });
      }
      const { statusCode, response, contentType } = await current.at(new Date(), () => handler(request));
      if (path === entriesPath && typeof response === 'string' && statusCode === 201) {
        entered.set(body.toString(), response);
      }
      return {
        status: statusCode,
        headers: { 'content-type': contentType ?? 'text/plain' },
        body:
          typeof response === 'string'
            ? response
            : Buffer.from(response.buffer, response.byteOffset, response.byteLength),
      };
    },
  });
  current = await createSigstore({ url: server.url });
  handlers = new Map(
    [fulcioHandler(current.ca), rekorHandler(current.log), tsaHandler(current.tsa)].map(({ path, fn }) => [
      path,
      fn,
    ]),
  );
  const { url, port, journal, faults } = server;
  return { sigstore: current, url, port, journal, faults, [Symbol.asyncDispose]: server.close };
}

const entriesPath = '/api/v1/log/entries';

/** The name of the one entry in an answer of the log. */
function idOf(answer: string): string {
  return Object.keys(JSON.parse(answer))[0] ?? '';
}

/** A request as the mock understands it; undefined where the real service refuses it. */
function proposal(path: string, bytes: Buffer): string | undefined {
  const body = bytes.toString();
  if (path.endsWith('/signingCert')) {
    return hasProof(JSON.parse(body)) ? body : undefined;
  }
  if (path.endsWith('/timestamp') && bytes[0] === 0x30) {
    return stampRequest(bytes);
  }
  if (path === entriesPath) {
    const { kind, spec } = JSON.parse(body);
    const proposed = kind === 'dsse' ? spec.proposedContent : undefined;
    if (proposed) {
      const verifier = Buffer.from(proposed.verifiers[0], 'base64').toString();
      return JSON.stringify(dsseEntry(JSON.parse(proposed.envelope), verifier));
    }
  }
  return body;
}

/** Whether the private key of the request has signed the subject of its token (Fulcio, `proofOfPossession`). */
function hasProof({
  credentials,
  publicKeyRequest,
}: {
  readonly credentials: { readonly oidcIdentityToken: string };
  readonly publicKeyRequest?: {
    readonly publicKey: { readonly content: string };
    readonly proofOfPossession: string;
  };
}): boolean {
  const [, claims = ''] = credentials.oidcIdentityToken.split('.');
  const { sub, email } = JSON.parse(Buffer.from(claims, 'base64url').toString());
  const { publicKey, proofOfPossession } = publicKeyRequest ?? {
    publicKey: { content: '' },
    proofOfPossession: '',
  };
  try {
    return verify(
      'sha256',
      Buffer.from(email ?? sub),
      publicKey.content,
      Buffer.from(proofOfPossession, 'base64'),
    );
  } catch {
    return false;
  }
}

/**
 * The JSON of a TimeStampReq (RFC 3161): version 1, the algorithm SHA-256 with NULL, a hash of 32 bytes, and the wish for
 * certificates. Anything else is undefined.
 */
function stampRequest(der: Buffer): string | undefined {
  const [, hash] =
    /^30390201013031300d060960864801650304020105000420([\da-f]{64})0101ff$/.exec(der.toString('hex')) ?? [];
  return hash === undefined
    ? undefined
    : JSON.stringify({
        artifactHash: Buffer.from(hash, 'hex').toString('base64'),
        hashAlgorithm: 'sha256',
        certificates: true,
      });
}
