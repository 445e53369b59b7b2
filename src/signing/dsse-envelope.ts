// DSSE envelopes: a typed payload, and the signature over both (github.com/secure-systems-lab/dsse, protocol.md).
import { UserError } from '../errors.ts';
import { isJsonObject, type JsonObject } from '../oci/json.ts';
import { decodeBase64 } from './base64.ts';

/** An envelope with its one signature. */
export interface Envelope {
  readonly payloadType: string;
  readonly payload: Buffer;
  readonly signature: Buffer;
}

/** The payload type of in-toto statements. */
export const statementType = 'application/vnd.in-toto+json';

/** The bytes that are signed: DSSE's "pre-authentication encoding" of a payload and its type. */
export function signedBytes({ payloadType, payload }: Omit<Envelope, 'signature'>): Buffer {
  const type = Buffer.from(payloadType);
  return Buffer.concat([
    Buffer.from(`DSSEv1 ${type.length} `),
    type,
    Buffer.from(` ${payload.length} `),
    payload,
  ]);
}

/** The envelope in a parsed JSON value. Throws a UserError for a malformed one, and unless it has exactly one signature. */
export function readEnvelope(value: unknown): Envelope {
  const { payloadType, payload, signatures } = isJsonObject(value) ? value : {};
  const bytes = decodeBase64(payload);
  if (typeof payloadType !== 'string' || !bytes || !Array.isArray(signatures)) {
    throw new UserError('its envelope is malformed');
  }
  const [first, another] = signatures;
  if (first === undefined) {
    throw new UserError('its envelope has no signature');
  }
  if (another !== undefined) {
    throw new UserError('its envelope has several signatures');
  }
  const signature = decodeBase64(isJsonObject(first) ? first.sig : undefined);
  if (!signature) {
    throw new UserError('its signature is not base64');
  }
  return { payloadType, payload: bytes, signature };
}

/** An envelope as JSON. */
export function encodedEnvelope({ payloadType, payload, signature }: Envelope): JsonObject {
  return {
    payload: payload.toString('base64'),
    payloadType,
    signatures: [{ sig: signature.toString('base64') }],
  };
}
