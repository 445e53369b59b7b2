// Members of a trusted root: those that are known pass, and one that is misspelt would trust more or for longer.
import { expect, it } from 'vitest';
import type { JsonObject } from '../../src/oci/json.ts';
import { requireKnownMembers } from '../../src/signing/root-document.ts';

const start = '2021-03-07T03:20:29.000Z';
const validFor = { start, end: '2022-12-31T23:59:59.999Z' };
const log = {
  baseUrl: 'https://log.test',
  hashAlgorithm: 'SHA2_256',
  publicKey: { rawBytes: 'AA==', keyDetails: 'PKIX_ECDSA_P256_SHA_256', validFor },
  logId: { keyId: 'AA==' },
};
const authority = {
  subject: { organization: 'a', commonName: 'b' },
  uri: 'https://ca.test',
  certChain: { certificates: [{ rawBytes: 'AA==' }] },
  validFor: { start },
};
const root = {
  mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
  tlogs: [log, { ...log, checkpointKeyId: { keyId: 'AA==' }, operator: 'x', hashAlgorithm: 1 }],
  certificateAuthorities: [authority],
  ctlogs: [],
  timestampAuthorities: [{ ...authority, operator: 'x' }],
};

it('a whole document passes', () => {
  expect(() => requireKnownMembers(root)).not.toThrow();
});

const logWith = (more: object) => ({ ...root, tlogs: [log, { ...log, ...more }] });
const keyWith = (more: object) => logWith({ publicKey: { ...log.publicKey, ...more } });
const authorityWith = (more: object) => ({ ...root, certificateAuthorities: [{ ...authority, ...more }] });

it.each<[JsonObject, string]>([
  [{ ...root, Tlogs: [] }, '"Tlogs" is not known'],
  [{ ...root, ctlogs: null }, '"ctlogs" is no list'],
  [{ ...root, ctlogs: [null] }, '"ctlogs[0]" is no object'],
  [{ ...root, toString: [] }, '"toString" is not known'],
  [JSON.parse('{"__proto__": []}'), '"__proto__" is not known'],
  [authorityWith({ valid_for: validFor }), '"certificateAuthorities[0].valid_for" is not known'],
  [
    authorityWith({ validFor: { start, End: start } }),
    '"certificateAuthorities[0].validFor.End" is not known',
  ],
  [authorityWith({ validFor: start }), '"certificateAuthorities[0].validFor" is no object'],
  [authorityWith({ validFor: [] }), '"certificateAuthorities[0].validFor" is no object'],
  [authorityWith({ validFor: { end: null } }), '"certificateAuthorities[0].validFor.end" is no time'],
  [authorityWith({ validFor: { end: 7 } }), '"certificateAuthorities[0].validFor.end" is no time'],
  [authorityWith({ validFor: { end: '' } }), '"certificateAuthorities[0].validFor.end" is no time'],
  [authorityWith({ validFor: { end: '2022' } }), '"certificateAuthorities[0].validFor.end" is no time'],
  [
    authorityWith({ certChain: { certificates: {} } }),
    '"certificateAuthorities[0].certChain.certificates" is no list',
  ],
  [authorityWith({ uri: {} }), '"certificateAuthorities[0].uri" is no text'],
  [logWith({ validFor }), '"tlogs[1].validFor" is not known'],
  [logWith({ key: {} }), '"tlogs[1].key" is not known'],
  [keyWith({ valid_for: validFor }), '"tlogs[1].publicKey.valid_for" is not known'],
  [
    keyWith({ validFor: { start, end: '2022-99-99T00:00:00Z' } }),
    '"tlogs[1].publicKey.validFor.end" is no time',
  ],
])('what is wrong with it is named: %#', (document, message) => {
  expect(() => requireKnownMembers(document)).toThrow(`its member ${message}`);
});
