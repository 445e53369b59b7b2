// Entries of Rekor, a public log of signatures: what was signed, and when (Rekor, API v1, entries of the kind `dsse`).
import { createHash } from 'node:crypto';
import { UserError } from '../errors.ts';
import { maximumSignature } from '../limits.ts';
import { isJsonObject, type JsonObject, type JsonValue, parseJson } from '../oci/json.ts';
import { headerText } from '../transport/response-body.ts';
import { decodeBase64 } from './base64.ts';
import type { Envelope } from './dsse-envelope.ts';
import { askService, jsonBody, type ServiceAccess } from './service-request.ts';

const entriesPath = '/api/v1/log/entries';

/**
 * Enters an envelope with the certificate (PEM) of its signer, and returns the entry as a bundle holds it
 * (TransparencyLogEntry of sigstore_rekor.proto). Throws a UserError that says what Rekor answered.
 */
export async function logEnvelope(
  url: string,
  { payload, payloadType, signature }: Envelope,
  certificate: string,
  access: ServiceAccess,
): Promise<JsonValue> {
  const sig = signature.toString('base64');
  const envelope = { payload: payload.toString('base64'), payloadType, signatures: [{ sig }] };
  const verifier = Buffer.from(certificate).toString('base64');
  const proposed = { envelope: JSON.stringify(envelope), verifiers: [verifier] };
  let bytes: Buffer;
  try {
    const answer = await askService(access, {
      method: 'POST',
      url: `${url}${entriesPath}`,
      ...jsonBody({ apiVersion: '0.0.1', kind: 'dsse', spec: { proposedContent: proposed } }),
      expect: [201, 409],
      limit: maximumSignature,
    });
    // An earlier try, whose answer was lost, has entered it.
    bytes =
      answer.status === 409 ? await enteredBefore(url, headerText(answer, 'location'), access) : answer.bytes;
  } catch (cause) {
    throw new UserError('Rekor has not entered the signature', { cause });
  }
  const entry = bundledEntry(parseJson(bytes), payload, sig);
  if (!entry) {
    throw new UserError('Rekor answered with no entry for the signature that it was given');
  }
  return entry;
}

async function enteredBefore(url: string, location = '', access: ServiceAccess): Promise<Buffer> {
  const [, id] = /\/api\/v1\/log\/entries\/([\da-f]+)$/.exec(location) ?? [];
  if (id === undefined) {
    throw new UserError('it has the entry already, and does not say where');
  }
  const target = `${url}${entriesPath}/${id}`;
  return (await askService(access, { method: 'GET', url: target, expect: [200], limit: maximumSignature }))
    .bytes;
}

/** The one entry of an answer, when it is about this signature. */
function bundledEntry(answer: unknown, payload: Buffer, signature: string): JsonValue | undefined {
  const [entry, another] = isJsonObject(answer) ? Object.values(answer).map(objectIn) : [];
  if (!entry || another) {
    return undefined;
  }
  const { body, logIndex, logID, integratedTime } = entry;
  const { signedEntryTimestamp, inclusionProof } = objectIn(entry.verification);
  const { kind, apiVersion, spec } = objectIn(parseJson(decodeBase64(body) ?? ''));
  const { payloadHash, signatures } = objectIn(spec);
  const logged = Array.isArray(signatures) ? signatures.map((each) => objectIn(each).signature) : [];
  const isOurs =
    kind === 'dsse' &&
    objectIn(payloadHash).value === createHash('sha256').update(payload).digest('hex') &&
    logged.includes(signature);
  if (!isOurs || typeof body !== 'string' || typeof apiVersion !== 'string') {
    return undefined;
  }
  const proof = objectIn(inclusionProof);
  return {
    logIndex: String(logIndex),
    logId: { keyId: base64OfHex(logID) },
    kindVersion: { kind, version: apiVersion },
    integratedTime: String(integratedTime),
    ...(typeof signedEntryTimestamp === 'string' ? { inclusionPromise: { signedEntryTimestamp } } : {}),
    inclusionProof: {
      logIndex: String(proof.logIndex),
      rootHash: base64OfHex(proof.rootHash),
      treeSize: String(proof.treeSize),
      hashes: Array.isArray(proof.hashes) ? proof.hashes.map(base64OfHex) : [],
      checkpoint: { envelope: String(proof.checkpoint) },
    },
    canonicalizedBody: body,
  };
}

function objectIn(value: unknown): JsonObject {
  return isJsonObject(value) ? value : {};
}

function base64OfHex(hex: unknown): string {
  return Buffer.from(String(hex), 'hex').toString('base64');
}
