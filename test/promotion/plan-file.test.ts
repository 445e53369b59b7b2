// Saved plans: what was saved is read again, and what was cut off, edited or made by another release is refused.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { errorHint } from '../../src/errors.ts';
import { type Digest, digestOf } from '../../src/oci/digest.ts';
import type { PlannedEdge } from '../../src/promotion/plan-edges.ts';
import { decodePlan, encodePlan } from '../../src/promotion/plan-file.ts';

const now = Date.UTC(2026, 0, 2, 3, 4, 5);
const digest: fc.Arbitrary<Digest> = fc.string().map((text) => digestOf(text));
const place = fc.stringMatching(/^[a-z]{1,9}\.test(:[1-9][0-9]{1,3})?(\/[a-z0-9]{2,9}){1,3}$/);
const edges: fc.Arbitrary<PlannedEdge> = fc.record(
  {
    source: place,
    destination: place,
    digest,
    tag: fc.option(fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,20}$/)),
    action: fc.constantFrom('present', 'copy', 'tag', 'lost', 'tag-move', 'failed'),
    was: digest,
    reason: fc.string({ unit: 'grapheme' }),
  },
  { requiredKeys: ['source', 'destination', 'digest', 'tag', 'action'] },
);

it('a plan that was saved is read again as it was', () => {
  fc.assert(
    fc.property(fc.array(edges, { maxLength: 5 }), fc.nat(), (list, more) => {
      const total = list.length + more;
      const saved = decodePlan(Buffer.from(encodePlan({ edges: list, total }, now, String)));
      expect(saved).toEqual({ created: '2026-01-02T03:04:05.000Z', edges: list, total });
    }),
  );
});

const text = encodePlan(
  {
    edges: [
      {
        source: 'a.test/staging/app',
        destination: 'b.test/prod/app',
        digest: digestOf('1'),
        tag: '1.0',
        action: 'copy',
        was: digestOf('2'),
      },
    ],
    total: 7,
  },
  now,
  String,
);

const edge = {
  source: 'a.test/app',
  destination: 'b.test/app',
  digest: digestOf('1'),
  tag: '1',
  action: 'copy',
};

describe('is refused:', () => {
  it('a plan that is cut off anywhere', () => {
    for (let length = 0; length < text.length - 1; length += 7) {
      expect(() => decodePlan(Buffer.from(text.slice(0, length)))).toThrow('cut off, or no plan');
    }
  });

  it.each([
    ['a digest', digestOf('1'), digestOf('3')],
    ['a tag', '"1.0"', '"1.1"'],
    ['a destination', 'b.test/prod', 'b.test/other'],
    ['what is done', '"copy"', '"tag"'],
    ['where a tag was', digestOf('2'), digestOf('3')],
    ['the number of edges', '"total": 7', '"total": 8'],
    ['the time', '2026-01-02', '2026-01-03'],
    ['a key more', '"total": 7', '"total": 7, "more": 1'],
  ])('one in which %s was changed', (_, before, after) => {
    expect(text).toContain(before);
    expect(() => decodePlan(Buffer.from(text.replace(before, after)))).toThrow(
      'the plan was changed after it was made',
    );
  });

  it.each([
    ['a list', '[]', 'the file is not a JSON document'],
    ["another tool's JSON", '{"resources": []}', 'the file is not a plan of registry-image'],
    ['an empty file', '', 'the file is not a JSON document'],
  ])('%s', (_, content, message) => {
    expect(() => decodePlan(Buffer.from(content))).toThrow(message);
  });

  it("another release's plan, with what to do", () => {
    const error = (() => {
      try {
        return decodePlan(Buffer.from(text.replace('"version": 1', '"version": 2')));
      } catch (thrown) {
        return thrown;
      }
    })();
    expect(String(error)).toContain('the plan has version 2; this program carries out version 1');
    expect(errorHint(error)).toContain('make the plan again');
  });

  it.each([
    ['edges that are no list', { edges: {} }],
    ['fewer edges counted than there are', { total: 0, edges: [edge] }],
    ['a number of edges that is none', { total: 1.5, edges: [edge] }],
    ['a tag that leads elsewhere', { edges: [{ ...edge, tag: '../../../other/manifests/x' }] }],
    ['an empty tag', { edges: [{ ...edge, tag: '' }] }],
    ['a destination that leads elsewhere', { edges: [{ ...edge, destination: 'b.test/prod/../x' }] }],
    ['a destination without a host', { edges: [{ ...edge, destination: 'prod' }] }],
    ['a source with a tag', { edges: [{ ...edge, source: 'a.test/app:1' }] }],
    ['an edge that is no object', { edges: [1] }],
    ['an edge without a digest', { edges: [{ source: 'a', destination: 'b', tag: null, action: 'copy' }] }],
    [
      'an edge with an action that does not exist',
      { edges: [{ source: 'a', destination: 'b', digest: digestOf('1'), tag: null, action: 'delete' }] },
    ],
    [
      'an edge whose tag is a number',
      { edges: [{ source: 'a', destination: 'b', digest: digestOf('1'), tag: 1, action: 'copy' }] },
    ],
  ])('one with the right checksum, but with %s', (_, part) => {
    const content = { format: 'registry-image plan', version: 1, created: 'x', total: 1, ...part };
    const checksum = digestOf(JSON.stringify(content));
    expect(() => decodePlan(Buffer.from(JSON.stringify({ ...content, checksum })))).toThrow(
      /an edge of the plan is malformed|the plan has (no list of|\d+) edges/,
    );
  });
});
