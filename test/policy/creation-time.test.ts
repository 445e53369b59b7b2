// The time of creation in the config of an image.
import { describe, expect, it } from 'vitest';
import { parseCreated } from '../../src/policy/creation-time.ts';

describe('parseCreated', () => {
  it('returns nanoseconds since 1970', () => {
    expect(parseCreated('1970-01-01T00:00:01.5Z', 'x')).toBe(1_500_000_000n);
    expect(parseCreated('1969-12-31T23:59:59.25Z', 'x')).toBe(-750_000_000n);
    expect(parseCreated('0001-01-01T00:00:00Z', 'x')).toBe(parseCreated('', 'x'));
  });

  it.each([
    'yesterday',
    '2024-05-01',
    '2024-02-30T00:00:00Z',
    '2024-05-01T24:00:00Z',
    '2024-05-01T00:00:00',
    '1.5',
  ])('refuses %j', (text) => {
    expect(() => parseCreated(text, 'the config of a:b')).toThrow(
      'the config of a:b: "created" must be a time',
    );
  });
});
