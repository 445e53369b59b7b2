// What cosign has made is read here: its encrypted private key, and a signature in both formats.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parseDigest } from '../../src/oci/digest.ts';
import { readSigningKey } from '../../src/signing/private-key.ts';
import { readPublicKey } from '../../src/signing/public-key.ts';
import { verifySignature } from '../../src/signing/verify-signature.ts';

const vector = JSON.parse(readFileSync(join(import.meta.dirname, 'cosign.json'), 'utf8'));
const digest = parseDigest(vector.digest);
const requirements = { keys: [readPublicKey(vector.public_key, 'the key')], annotations: { env: 'prod' } };

it.each([
  ['bundle', vector.bundle, undefined],
  ['legacy', vector.payload, vector.signature],
] as const)('verifies a signature in the format %s', (format, content, signature) => {
  const annotations: Readonly<Record<string, string>> = signature
    ? { 'dev.cosignproject.cosign/signature': signature }
    : {};
  const stored = { format, manifest: digest, content: Buffer.from(content), annotations };
  expect(verifySignature(stored, digest, requirements).annotations).toEqual({ env: 'prod' });
});

it('decrypts a private key, and knows that it belongs to the public one', async () => {
  const { publicKey } = await readSigningKey(vector.private_key, vector.password, 'the key');
  expect(publicKey.id).toBe(readPublicKey(vector.public_key, 'the key').id);
});
