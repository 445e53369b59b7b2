// Fulcio, Rekor and a timestamp authority in this process, with what they make for a signer: certificates, entries, timestamps.
import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import {
  type HandlerFn,
  initializeCA,
  initializeCTLog,
  initializeTLog,
  initializeTSA,
  tsaHandler,
} from '@sigstore/mock';
import { vi } from 'vitest';

const day = 86_400_000;

/** Whose certificate it is. */
export interface TestIdentity {
  readonly issuer: string;
  readonly subject: string;
}

/** When something is made, and what of it is left out or made at another time. */
export interface SigningTimes {
  /** When the certificate is issued, which is valid for ten minutes. By default now. */
  readonly issued?: Date;
  /** When the log has the entry; null leaves it out. By default when the certificate is issued. */
  readonly logged?: Date | null;
  /** When the timestamp is made; null, the default, leaves it out. */
  readonly stamped?: Date | null;
  /** What it is signed with instead of a new certificate. */
  readonly certificate?: TestCertificate;
}

/** A certificate in DER, and the private key for it. */
export interface TestCertificate {
  readonly der: Buffer;
  readonly pem: string;
  readonly privateKey: KeyObject;
}

/** An entry of Rekor, as its API answers. */
export interface LogEntry {
  readonly body: string;
  readonly integratedTime: number;
  readonly logID: string;
  readonly logIndex: number;
  readonly verification: {
    readonly signedEntryTimestamp: string;
    readonly inclusionProof: {
      readonly checkpoint: string;
      readonly hashes: readonly string[];
      readonly logIndex: number;
      readonly rootHash: string;
      readonly treeSize: number;
    };
  };
}

/** The services of one sigstore deployment. */
export type TestSigstore = Awaited<ReturnType<typeof createSigstore>>;

const bundleType = 'application/vnd.dev.sigstore.bundle.v0.3+json';
const statementType = 'application/vnd.in-toto+json';
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest();
const newKeys = () => generateKeyPairSync('ec', { namedCurve: 'P-256' });
const hashFor = ({ asymmetricKeyType }: KeyObject) => (asymmetricKeyType === 'ed25519' ? null : 'sha256');

/** DER in PEM. */
export function certificatePem(der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

/** New services with keys of their own, which exist since 30 days. `url` is where the log says that it is. */
export async function createSigstore({ url = 'http://127.0.0.1:3000' }: { readonly url?: string } = {}) {
  const founded = new Date(Date.now() - 30 * day);
  // The services read the time from this one object, which is set before each use.
  const clock = new Date(founded);
  const logKeys = newKeys();
  // Their certificates are valid from now on.
  vi.setSystemTime(founded);
  const ctLog = await initializeCTLog(newKeys(), clock);
  const ca = await initializeCA(newKeys(), ctLog, clock);
  const log = await initializeTLog(url, logKeys, clock);
  const tsaKeys = newKeys();
  const tsa = await initializeTSA(tsaKeys, clock);
  vi.useRealTimers();
  const stamp: HandlerFn = tsaHandler(tsa).fn;

  let turn: Promise<unknown> = Promise.resolve();
  function at<Value>(time: Date, action: () => Promise<Value>): Promise<Value> {
    const done = turn.then(() => {
      // Whole seconds, as real services have them: the library refuses some fractions.
      clock.setTime(Math.floor(time.getTime() / 1000) * 1000);
      return action();
    });
    turn = done.catch(() => {});
    return done;
  }

  async function certificate(
    { issuer, subject }: TestIdentity,
    issued = new Date(),
    keys = newKeys(),
  ): Promise<TestCertificate> {
    const publicKey = keys.publicKey.export({ type: 'spki', format: 'der' });
    const extensions = [{ oid: '1.3.6.1.4.1.57264.1.8', value: issuer }];
    const der = await at(issued, () =>
      ca.issueCertificate({ publicKey, subjectAltName: subject, extensions }),
    );
    const bytes = Buffer.from(der.buffer, der.byteOffset, der.byteLength);
    return { der: bytes, pem: certificatePem(bytes), privateKey: keys.privateKey };
  }

  async function logEntry(entry: object, logged: Date): Promise<LogEntry> {
    const answer: Readonly<Record<string, unknown>> = await at(logged, () => log.log(entry));
    return Object.values(answer)[0] as LogEntry;
  }

  /** A response of RFC 3161 over a signature, in base64. */
  async function timestamp(signature: Uint8Array, stamped: Date): Promise<string> {
    const request = { artifactHash: sha256(signature).toString('base64'), hashAlgorithm: 'sha256' };
    const { response } = await at(stamped, () => stamp(JSON.stringify(request)));
    return (response as Buffer).toString('base64');
  }

  /** A bundle with a statement that an identity has signed, as `cosign sign` without a key makes it. */
  async function bundle(statement: unknown, identity: TestIdentity, times: SigningTimes = {}) {
    const { issued = new Date(), logged = issued, stamped = null } = times;
    const { der, pem, privateKey } = times.certificate ?? (await certificate(identity, issued));
    const payload = Buffer.from(typeof statement === 'string' ? statement : JSON.stringify(statement));
    const signed = `DSSEv1 ${statementType.length} ${statementType} ${payload.length} `;
    const signature = sign(hashFor(privateKey), Buffer.concat([Buffer.from(signed), payload]), privateKey);
    const sig = signature.toString('base64');
    const envelope = {
      payload: payload.toString('base64'),
      payloadType: statementType,
      signatures: [{ sig }],
    };
    const entry = logged && (await logEntry(dsseEntry(envelope, pem), logged));
    return {
      mediaType: bundleType,
      verificationMaterial: {
        certificate: { rawBytes: der.toString('base64') },
        tlogEntries: entry ? [bundledEntry(entry)] : [],
        ...(stamped
          ? {
              timestampVerificationData: {
                rfc3161Timestamps: [{ signedTimestamp: await timestamp(signature, stamped) }],
              },
            }
          : {}),
      },
      dsseEnvelope: envelope,
    };
  }

  /** A legacy signature of an identity over a payload, with the annotations that cosign adds to its layer. */
  async function legacy(payload: unknown, identity: TestIdentity, times: SigningTimes = {}) {
    const { issued = new Date(), logged = issued, stamped = null } = times;
    const { pem, privateKey } = times.certificate ?? (await certificate(identity, issued));
    const bytes = Buffer.from(typeof payload === 'string' ? payload : JSON.stringify(payload));
    const signature = sign(hashFor(privateKey), bytes, privateKey);
    const entry = logged && (await logEntry(hashedEntry(bytes, signature, pem), logged));
    const annotations: Record<string, string> = {
      'dev.sigstore.cosign/certificate': pem,
      'dev.sigstore.cosign/chain': certificatePem(Buffer.from(ca.rootCertificate.buffer)),
    };
    if (entry) {
      const { body, integratedTime, logIndex, logID, verification } = entry;
      annotations['dev.sigstore.cosign/bundle'] = JSON.stringify({
        SignedEntryTimestamp: verification.signedEntryTimestamp,
        Payload: { body, integratedTime, logIndex, logID },
      });
    }
    if (stamped) {
      annotations['dev.sigstore.cosign/rfc3161timestamp'] = JSON.stringify({
        SignedRFC3161Timestamp: await timestamp(signature, stamped),
      });
    }
    return { payload: bytes, signature: signature.toString('base64'), annotations };
  }

  const stampDer = Buffer.from(tsa.intCertificate.buffer);

  const base64 = (bytes: ArrayBufferView) =>
    Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
  const valid = { start: founded.toISOString() };
  const authority = (name: string, ...certificates: readonly ArrayBufferView[]) => ({
    subject: { organization: 'sigstore.mock', commonName: name },
    uri: url,
    certChain: { certificates: certificates.map((each) => ({ rawBytes: base64(each) })) },
    validFor: valid,
  });
  const logInstance = (publicKey: Uint8Array, baseUrl: string) => ({
    baseUrl,
    hashAlgorithm: 'SHA2_256',
    publicKey: {
      rawBytes: base64(publicKey),
      keyDetails: 'PKIX_ECDSA_P256_SHA_256',
      validFor: valid,
    },
    logId: { keyId: sha256(publicKey).toString('base64') },
  });

  return {
    url,
    ca,
    ctLog,
    log,
    tsa,
    /** The certificate of the timestamp authority, which is not one for code. */
    tsaCertificate: {
      der: stampDer,
      pem: certificatePem(stampDer),
      privateKey: tsaKeys.privateKey,
    } satisfies TestCertificate,
    /** When the services began. */
    founded,
    at,
    certificate,
    logEntry,
    timestamp,
    bundle,
    legacy,
    /** The document that names the keys and certificates of the services (sigstore_trustroot.proto). */
    trustedRoot: {
      mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
      tlogs: [logInstance(log.publicKey, url)],
      certificateAuthorities: [authority('sigstore', ca.rootCertificate)],
      ctlogs: [logInstance(ctLog.publicKey, url)],
      timestampAuthorities: [authority('tsa', tsa.intCertificate, tsa.rootCertificate)],
    },
  };
}

/** An entry of Rekor for an envelope, as the log writes it (`dsse`, version 0.0.1). */
export function dsseEntry(
  envelope: { readonly payload: string; readonly signatures: readonly { readonly sig: string }[] },
  verifierPem: string,
) {
  const hashOf = (bytes: Uint8Array) => ({ algorithm: 'sha256', value: sha256(bytes).toString('hex') });
  const verifier = Buffer.from(verifierPem).toString('base64');
  return {
    apiVersion: '0.0.1',
    kind: 'dsse',
    spec: {
      envelopeHash: hashOf(Buffer.from(JSON.stringify(envelope))),
      payloadHash: hashOf(Buffer.from(envelope.payload, 'base64')),
      signatures: envelope.signatures.map(({ sig }) => ({ signature: sig, verifier })),
    },
  };
}

function hashedEntry(payload: Uint8Array, signature: Uint8Array, pem: string) {
  return {
    apiVersion: '0.0.1',
    kind: 'hashedrekord',
    spec: {
      data: { hash: { algorithm: 'sha256', value: sha256(payload).toString('hex') } },
      signature: {
        content: Buffer.from(signature).toString('base64'),
        publicKey: { content: Buffer.from(pem).toString('base64') },
      },
    },
  };
}

/** An entry as it stands in a bundle. */
export function bundledEntry({ body, integratedTime, logID, logIndex, verification }: LogEntry) {
  const { kind, apiVersion: version } = JSON.parse(Buffer.from(body, 'base64').toString());
  const { checkpoint, hashes, rootHash, treeSize, logIndex: position } = verification.inclusionProof;
  const base64 = (hex: string) => Buffer.from(hex, 'hex').toString('base64');
  return {
    logIndex: String(logIndex),
    logId: { keyId: base64(logID) },
    kindVersion: { kind, version },
    integratedTime: String(integratedTime),
    inclusionPromise: { signedEntryTimestamp: verification.signedEntryTimestamp },
    inclusionProof: {
      logIndex: String(position),
      rootHash: base64(rootHash),
      treeSize: String(treeSize),
      hashes: hashes.map(base64),
      checkpoint: { envelope: checkpoint },
    },
    canonicalizedBody: body,
  };
}
