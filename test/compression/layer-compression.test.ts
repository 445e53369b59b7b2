import { expect, it } from 'vitest';
import { requireCompressor } from '../../src/compression/layer-compression.ts';
import { UserError } from '../../src/errors.ts';

it('refuses zstd on a runtime without it, and says what has it', () => {
  const refused = () => requireCompressor({ format: 'zstd', level: 3 }, null, 'v23.0.0');
  expect(refused).toThrow(UserError);
  expect(refused).toThrow('layers cannot be compressed with zstd: Node v23.0.0 has none');
});

it.each(['gzip', 'zstd'] as const)('has %s on this runtime', (format) => {
  expect(() => requireCompressor({ format, level: 3 })).not.toThrow();
});

it('has gzip on a runtime without zstd', () => {
  expect(() => requireCompressor({ format: 'gzip', level: 9 }, null)).not.toThrow();
});
