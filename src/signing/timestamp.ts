// Timestamps of an authority (RFC 3161): that a signature existed at a time, by which a short-lived certificate was valid.
import { createHash } from 'node:crypto';
import { UserError } from '../errors.ts';
import { maximumErrorBody } from '../limits.ts';
import { askService, type ServiceAccess } from './service-request.ts';

/**
 * The parts of a request (TimeStampReq, RFC 3161, section 2.4.1) around the SHA-256 of what is stamped. It has no nonce: no
 * older response can be about a signature that was just made.
 */
const beforeHash = Buffer.from('30390201013031300d060960864801650304020105000420', 'hex');
const certificatesWanted = Buffer.from('0101ff', 'hex');

/** A response of the authority about a signature, in DER. Throws a UserError that says what it answered. */
export async function timestampFor(
  url: string,
  signature: Uint8Array,
  access: ServiceAccess,
): Promise<Buffer> {
  const hash = createHash('sha256').update(signature).digest();
  let bytes: Buffer;
  try {
    const answer = await askService(access, {
      method: 'POST',
      url,
      headers: { 'content-type': 'application/timestamp-query', accept: 'application/timestamp-reply' },
      body: Buffer.concat([beforeHash, hash, certificatesWanted]),
      expect: [200, 201],
      limit: maximumErrorBody,
    });
    ({ bytes } = answer);
  } catch (cause) {
    throw new UserError('the timestamp authority has made no timestamp', { cause });
  }
  if (!isGranted(bytes) || !bytes.includes(hash)) {
    throw new UserError('the timestamp authority answered with no timestamp for the signature');
  }
  return bytes;
}

/** Whether a response (TimeStampResp) begins with a status that has a timestamp after it: granted, also with changes. */
function isGranted(response: Buffer): boolean {
  const [tag = 0, first = 0] = response;
  const content = response.subarray(2 + (first < 0x80 ? 0 : first & 0x7f));
  const [statusTag, , integerTag, length, status] = content;
  const isInteger = tag === 0x30 && statusTag === 0x30 && integerTag === 0x02 && length === 1;
  return isInteger && (status === 0 || status === 1);
}
