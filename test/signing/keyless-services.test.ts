// Answers of Fulcio, Rekor and a timestamp authority that are not about what they were asked: nothing is signed with them.
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { certifiedKey } from '../../src/signing/fulcio.ts';
import { logEnvelope } from '../../src/signing/rekor.ts';
import type { ServiceAccess } from '../../src/signing/service-request.ts';
import { timestampFor } from '../../src/signing/timestamp.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { type RecordingServer, startRecordingServer } from '../support/recording-server.ts';
import { jsonReply, type Reply } from '../support/reply.ts';
import { certificatePem, createSigstore } from '../support/sigstore.ts';
import { testClient, testRetrier } from '../support/test-session.ts';

const identity = { issuer: 'https://issuer.test', subject: 'https://ci.test/team/app' };
const token = { token: 'a.b.c', ...identity };
let answer: (body: Buffer) => Reply | Promise<Reply>;
let server: RecordingServer;
let access: ServiceAccess;

beforeEach(async () => {
  server = await startRecordingServer({ answer: ({ body }) => answer(body) });
  onTestFinished(() => server.close());
  access = { client: testClient(), retrier: testRetrier(createFakeClock(), 'mirror') };
});

describe('Fulcio', () => {
  const chainReply = (...certificates: readonly unknown[]) =>
    jsonReply(201, { signedCertificateEmbeddedSct: { chain: { certificates } } });

  it.each<[string, () => Promise<Reply>]>([
    [
      'a certificate for another key',
      async () => {
        const sigstore = await createSigstore();
        const { pem } = await sigstore.certificate(identity);
        return chainReply(pem, certificatePem(Buffer.from(sigstore.ca.rootCertificate.buffer)));
      },
    ],
    ['no chain', async () => jsonReply(201, {})],
    ['certificates that are none', async () => chainReply('x', null, 1)],
    ['no JSON', async () => ({ status: 200, body: '<html>' })],
  ])('answers with %s', async (_, reply) => {
    const made = await reply();
    answer = () => made;
    await expect(certifiedKey(server.url, token, access)).rejects.toThrow(
      'Fulcio answered with no certificate for the key that it was asked for',
    );
  });

  it('has to name the authority that has signed the certificate', async () => {
    const sigstore = await createSigstore();
    answer = async (body) => {
      const { content } = JSON.parse(body.toString()).publicKeyRequest.publicKey;
      const publicKey = Buffer.from(content.replace(/-----[^-]*-----|\s/g, ''), 'base64');
      const der = await sigstore.at(new Date(), () =>
        sigstore.ca.issueCertificate({ publicKey, subjectAltName: identity.subject, extensions: [] }),
      );
      return chainReply(certificatePem(Buffer.from(der.buffer, der.byteOffset, der.byteLength)));
    };
    await expect(certifiedKey(server.url, token, access)).rejects.toThrow('answered with no certificate');
  });
});

describe('Rekor', () => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const envelope = {
    payloadType: 'application/vnd.in-toto+json',
    payload: Buffer.from('{}'),
    signature: randomBytes(70),
  };
  const entryFor = (spec: object, more: object = {}) => ({
    abc: {
      body: Buffer.from(JSON.stringify({ apiVersion: '0.0.1', kind: 'dsse', spec, ...more })).toString(
        'base64',
      ),
      integratedTime: 1,
      logIndex: 1,
      logID: 'ab',
      verification: { signedEntryTimestamp: 'AA==', inclusionProof: { hashes: [], logIndex: 1 } },
    },
  });
  const payloadHash = {
    algorithm: 'sha256',
    value: '44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a',
  };
  const signatures = [{ signature: envelope.signature.toString('base64') }];

  it('answers with the entry', async () => {
    answer = () => jsonReply(201, entryFor({ payloadHash, signatures }));
    expect(await logEnvelope(server.url, envelope, String(privateKey), access)).toMatchObject({
      logIndex: '1',
      kindVersion: { kind: 'dsse', version: '0.0.1' },
    });
  });

  it.each<[string, object]>([
    ['the entry of another signature', entryFor({ payloadHash, signatures: [{ signature: 'AAAA' }] })],
    ['the entry of another payload', entryFor({ payloadHash: { value: 'ab' }, signatures })],
    ['an entry of another kind', entryFor({ payloadHash, signatures }, { kind: 'hashedrekord' })],
    ['two entries', { ...entryFor({ payloadHash, signatures }), other: {} }],
    ['no entry', {}],
    ['an entry without a body', { abc: {} }],
  ])('answers with %s', async (_, entry) => {
    answer = () => jsonReply(201, entry);
    await expect(logEnvelope(server.url, envelope, 'certificate', access)).rejects.toThrow(
      'Rekor answered with no entry for the signature that it was given',
    );
  });

  it.each(['', 'https://elsewhere.test/entry', '/api/v1/log/entries/../../secret'])(
    'has the entry already, and names %j as its place',
    async (location) => {
      answer = () => ({ ...jsonReply(409, {}), headers: { location } });
      await expect(logEnvelope(server.url, envelope, 'certificate', access)).rejects.toThrow(
        'Rekor has not entered the signature',
      );
      expect(server.journal.requests).toHaveLength(1);
    },
  );
});

describe('a timestamp authority', () => {
  const signature = randomBytes(70);
  const stampFor = async (bytes: Uint8Array) =>
    Buffer.from(await (await createSigstore()).timestamp(bytes, new Date()), 'base64');

  it('answers with a timestamp', async () => {
    const stamp = await stampFor(signature);
    answer = () => ({ status: 200, body: stamp });
    expect((await timestampFor(server.url, signature, access)).equals(stamp)).toBe(true);
  });

  it.each<[string, () => Promise<Buffer>]>([
    ['one of another signature', () => stampFor(randomBytes(70))],
    ['a rejection (status 2)', async () => Buffer.from('30053003020102', 'hex')],
    ['nothing', async () => Buffer.alloc(0)],
    ['a web page', async () => Buffer.from('<html>')],
  ])('answers with %s', async (_, made) => {
    const body = await made();
    answer = () => ({ status: 200, body });
    await expect(timestampFor(server.url, signature, access)).rejects.toThrow(
      'the timestamp authority answered with no timestamp for the signature',
    );
  });
});
