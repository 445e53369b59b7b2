// That the services which stand in for sigstore make what its own library verifies, and refuses when it was changed.
import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { bundleFromJSON } from '@sigstore/bundle';
import { TrustedRoot } from '@sigstore/protobuf-specs';
import { toSignedEntity, toTrustMaterial, Verifier } from '@sigstore/verify';
import { describe, expect, it } from 'vitest';
import {
  bundledEntry,
  createSigstore,
  type LogEntry,
  type SigningTimes,
  type TestSigstore,
} from './sigstore.ts';
import { identityToken, startSigstore } from './sigstore-server.ts';

const identity = { issuer: 'https://issuer.test', subject: 'https://ci.test/team/app' };
const statement = {
  _type: 'https://in-toto.io/Statement/v1',
  subject: [],
  predicateType: 'x',
  predicate: {},
};

function verified(sigstore: TestSigstore, bundle: unknown, thresholds: object = {}) {
  const verifier = new Verifier(toTrustMaterial(TrustedRoot.fromJSON(sigstore.trustedRoot)), thresholds);
  return verifier.verify(toSignedEntity(bundleFromJSON(bundle))).identity;
}

describe('a bundle of an identity', () => {
  const cases: [string, (now: Date) => SigningTimes, object][] = [
    ['with an entry in the log', () => ({}), {}],
    ['with an entry and a timestamp', (now) => ({ stamped: now }), { timestampThreshold: 2 }],
    ['with a timestamp alone', (now) => ({ logged: null, stamped: now }), { tlogThreshold: 0 }],
    ['of last week', (now) => ({ issued: new Date(now.getTime() - 7 * 86_400_000) }), {}],
  ];
  it.each(cases)('%s is verified', async (_, times, thresholds) => {
    const sigstore = await createSigstore();
    const bundle = await sigstore.bundle(statement, identity, times(new Date()));
    expect(verified(sigstore, bundle, thresholds)).toMatchObject({
      subjectAlternativeName: identity.subject,
      extensions: { issuer: identity.issuer },
    });
  });

  it('is refused by the root of other services', async () => {
    const bundle = await (await createSigstore()).bundle(statement, identity);
    const other = await createSigstore();
    expect(() => verified(other, bundle)).toThrow();
  });

  it('is refused when the log has it after the certificate has expired', async () => {
    const sigstore = await createSigstore();
    const bundle = await sigstore.bundle(statement, identity, { logged: new Date(Date.now() + 3_600_000) });
    expect(() => verified(sigstore, bundle)).toThrow(/certificate/);
  });
});

describe('over HTTP', () => {
  const post = async (url: string, body: object) =>
    await fetch(url, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json' },
    });

  it('a key gets a certificate for the subject of a token, and an entry in the log', async () => {
    await using server = await startSigstore();
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const request = (proof: string) => ({
      credentials: { oidcIdentityToken: identityToken(identity) },
      publicKeyRequest: {
        publicKey: {
          algorithm: 'ECDSA',
          content: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
        },
        proofOfPossession: proof,
      },
    });
    const url = `${server.url}/api/v2/signingCert`;
    expect((await post(url, request('AAAA'))).status).toBe(400);
    const answer = await post(
      url,
      request(sign('sha256', Buffer.from(identity.subject), privateKey).toString('base64')),
    );
    const { signedCertificateEmbeddedSct } = (await answer.json()) as {
      signedCertificateEmbeddedSct: { chain: { certificates: [string] } };
    };
    const [pem] = signedCertificateEmbeddedSct.chain.certificates;
    const payloadType = 'application/vnd.in-toto+json';
    const payload = Buffer.from(JSON.stringify(statement));
    const signed = Buffer.concat([
      Buffer.from(`DSSEv1 ${payloadType.length} ${payloadType} ${payload.length} `),
      payload,
    ]);
    const sig = sign('sha256', signed, privateKey);
    const envelope = {
      payload: payload.toString('base64'),
      payloadType,
      signatures: [{ sig: sig.toString('base64') }],
    };
    const proposedContent = {
      envelope: JSON.stringify(envelope),
      verifiers: [Buffer.from(pem).toString('base64')],
    };
    const logged = await post(`${server.url}/api/v1/log/entries`, {
      apiVersion: '0.0.1',
      kind: 'dsse',
      spec: { proposedContent },
    });
    const [entry] = Object.values((await logged.json()) as Record<string, LogEntry>) as [LogEntry];
    const stamped = await post(`${server.url}/api/v1/timestamp`, {
      artifactHash: createHash('sha256').update(sig).digest('base64'),
      hashAlgorithm: 'sha256',
    });
    const bundle = {
      mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
      verificationMaterial: {
        certificate: { rawBytes: pem.replace(/-----[^-]*-----|\s/g, '') },
        tlogEntries: [bundledEntry(entry)],
        timestampVerificationData: {
          rfc3161Timestamps: [
            { signedTimestamp: Buffer.from(await stamped.arrayBuffer()).toString('base64') },
          ],
        },
      },
      dsseEnvelope: envelope,
    };
    expect(verified(server.sigstore, bundle, { timestampThreshold: 2 })).toMatchObject({
      subjectAlternativeName: identity.subject,
      extensions: { issuer: identity.issuer },
    });
    expect(server.journal.select({ method: 'POST' })).toHaveLength(4);
  });
});
