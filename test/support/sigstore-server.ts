// Fulcio, Rekor and a timestamp authority over HTTP on loopback, for tests that sign by an identity token.
import { verify } from 'node:crypto';
import { fulcioHandler, type HandlerFn, rekorHandler, tsaHandler } from '@sigstore/mock';
import { type RecordingServer, startRecordingServer } from './recording-server.ts';
import { jsonReply, type Reply } from './reply.ts';
import { createSigstore, dsseEntry, type TestIdentity, type TestSigstore } from './sigstore.ts';

/** A running deployment: all services under one URL. */
export interface SigstoreServer extends AsyncDisposable {
  readonly sigstore: TestSigstore;
  /** Of Fulcio, Rekor and the timestamp authority. */
  readonly url: string;
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

/** Starts the services, with the APIs of Fulcio 2, Rekor 1 and the timestamp authority of sigstore. */
export async function startSigstore(): Promise<SigstoreServer> {
  let handlers: ReadonlyMap<string, HandlerFn> = new Map();
  let current: TestSigstore | undefined;
  const server = await startRecordingServer({
    answer: async ({ method, path, body }): Promise<Reply> => {
      const handler = handlers.get(path);
      if (method !== 'POST' || !handler || !current) {
        return jsonReply(404, { code: 5, message: `no such endpoint: ${method} ${path}` });
      }
      const request = proposal(path, body.toString());
      if (request === undefined) {
        return jsonReply(400, {
          code: 3,
          message: 'The proof of possession is not a signature of the subject',
        });
      }
      const { statusCode, response, contentType } = await current.at(new Date(), () => handler(request));
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
  const { url, journal, faults } = server;
  return { sigstore: current, url, journal, faults, [Symbol.asyncDispose]: server.close };
}

/** A request as the mock understands it; undefined where the real service refuses it. */
function proposal(path: string, body: string): string | undefined {
  if (path.endsWith('/signingCert')) {
    return hasProof(JSON.parse(body)) ? body : undefined;
  }
  if (path.endsWith('/log/entries')) {
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
