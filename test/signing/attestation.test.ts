// What can be attested: the types of cosign, the content that each has, and when two claims are the same.
import { describe, expect, it } from 'vitest';
import { claimsSame, readAttestation } from '../../src/signing/attestation.ts';

const now = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
const read = (type: string, content: string) => readAttestation(type, content, 'attest.', now);

/** The types that `cosign attest --type` knows, and the URIs in the statements that it makes. */
const cosignTypes = [
  ['cyclonedx', 'https://cyclonedx.org/bom'],
  ['link', 'https://in-toto.io/Link/v1'],
  ['openvex', 'https://openvex.dev/ns'],
  ['slsaprovenance', 'https://slsa.dev/provenance/v0.2'],
  ['slsaprovenance02', 'https://slsa.dev/provenance/v0.2'],
  ['slsaprovenance1', 'https://slsa.dev/provenance/v1'],
  ['spdxjson', 'https://spdx.dev/Document'],
  ['vuln', 'https://cosign.sigstore.dev/attestation/vuln/v1'],
] as const;

it.each([...cosignTypes, ['https://example.com/review/v1', 'https://example.com/review/v1'] as const])(
  '%s claims a JSON object of the type %s, whose text is kept',
  (type, predicateType) => {
    const predicate = '{"b": 1.10,\n "a": [12345678901234567890]}';
    expect(read(type, `\n${predicate}\n`)).toEqual({ predicateType, predicate });
  },
);

it('spdx claims the text of a file', () => {
  expect(read('spdx', 'SPDXVersion: SPDX-2.3\n')).toEqual({
    predicateType: 'https://spdx.dev/Document',
    predicate: '"SPDXVersion: SPDX-2.3\\n"',
  });
});

it('custom claims the text of a file and the time, as cosign does', () => {
  expect(read('custom', 'reviewed')).toEqual({
    predicateType: 'https://cosign.sigstore.dev/attestation/v1',
    predicate: '{"Data":"reviewed","Timestamp":"2026-01-02T03:04:05Z"}',
  });
});

describe('fails for', () => {
  it.each([
    ['an unknown type', 'sbom', '{}', 'attest.type is no type of an attestation: "sbom"'],
    ['a name of an object', 'constructor', '{}', 'attest.type is no type of an attestation: "constructor"'],
    ['white space in a type', 'https://example.com/a b', '{}', 'attest.type is no type'],
    [
      'text where JSON is needed',
      'spdxjson',
      'SPDXVersion: SPDX-2.3',
      'attest.predicate is not a JSON object',
    ],
    ['a list', 'cyclonedx', '[]', 'attest.predicate is not a JSON object'],
    ['an empty file', 'vuln', '', 'attest.predicate is not a JSON object'],
    [
      'the type of signatures',
      'https://sigstore.dev/cosign/sign/v1',
      '{}',
      'attest.type is that of signatures, which say nothing more of an image',
    ],
    [
      'a document that no JSON parser of cosign reads',
      'vuln',
      `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`,
      'attest.predicate has more than 1000 objects and lists inside each other',
    ],
    ['two documents', 'vuln', '{}{}', 'attest.predicate is not a JSON object'],
  ])('%s', (_, type, content, message) => {
    expect(() => read(type, content)).toThrow(message);
  });

  it('a misspelled type, and names the nearest one', () => {
    expect(() => read('cyclondx', '{}')).toThrow(
      expect.objectContaining({ hint: 'did you mean cyclonedx?' }),
    );
  });
});

describe('a statement claims the same', () => {
  const statement = (type: string, content: string, at = now) => {
    const { predicateType, predicate } = readAttestation(type, content, 'attest.', at);
    return { predicateType, predicate: JSON.parse(predicate) };
  };

  it.each([
    [
      'with members in another order',
      statement('vuln', '{"a":1,"b":2}'),
      read('vuln', '{ "b": 2, "a": 1 }'),
      true,
    ],
    ['with another value', statement('vuln', '{"a":1}'), read('vuln', '{"a":2}'), false],
    ['with a member more', statement('vuln', '{"a":1,"b":2}'), read('vuln', '{"a":1}'), false],
    ['of another type', statement('link', '{"a":1}'), read('vuln', '{"a":1}'), false],
    ['of the same text at another time', statement('custom', 'x', 0), read('custom', 'x'), true],
    [
      'which is nested too deep to be compared',
      { ...statement('vuln', '{}'), predicate: JSON.parse('['.repeat(100_000) + ']'.repeat(100_000)) },
      read('vuln', '{}'),
      false,
    ],
    ['of another text', statement('custom', 'y'), read('custom', 'x'), false],
    [
      'with a Timestamp in a type of its own',
      statement('https://example.com/v1', '{"Timestamp":"1"}'),
      read('https://example.com/v1', '{"Timestamp":"2"}'),
      false,
    ],
  ])('%s: %#', (_, earlier, claimed, expected) => {
    expect(claimsSame(earlier, claimed)).toBe(expected);
  });
});
