import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { advanced, ended, measured, timeLeft, waitingTransfer } from '../../src/transfer/transfer-state.ts';

/** A transfer of 10,000 bytes, moved on by `bytes` in each step of a second, measured after each. */
function steps(...bytes: readonly number[]) {
  let transfer = advanced(waitingTransfer('a', 10_000), 0, 0);
  for (const [second, moved] of bytes.entries()) {
    transfer = measured(advanced(transfer, moved, 0), (second + 1) * 1000);
  }
  return transfer;
}

describe('the rate of a transfer', () => {
  it('is that of the first measurement, and stays while bytes arrive evenly', () => {
    expect(steps(500).rate).toBeCloseTo(500);
    expect(steps(500, 500, 500).rate).toBeCloseTo(500);
    expect(timeLeft(steps(500, 500))).toBeCloseTo(18_000);
  });

  it('follows changes smoothly', () => {
    const { rate } = steps(500, 500, 1500);
    expect(rate).toBeGreaterThan(600);
    expect(rate).toBeLessThan(1000);
    expect(steps(500, 500, 1500, 1500, 1500, 1500).rate).toBeGreaterThan(1150);
  });

  it('falls while no bytes arrive, until the time left is unknown', () => {
    const idle = Array.from({ length: 60 }, () => 0);
    expect(timeLeft(steps(500, 0))).toBeGreaterThan(timeLeft(steps(500)) ?? 0);
    expect(timeLeft(steps(500, ...idle))).toBeUndefined();
  });

  it('does not change when no time has passed', () => {
    const transfer = steps(500);
    expect(measured(advanced(transfer, 100, 1000), 1000).rate).toBe(transfer.rate);
  });
});

describe('the bytes of a transfer', () => {
  it('are never more than the total', () => {
    fc.assert(
      fc.property(fc.nat(1000), fc.array(fc.nat(400)), (total, pieces) => {
        let transfer = waitingTransfer('a', total);
        for (const piece of pieces) {
          transfer = advanced(transfer, piece, 1);
          expect(transfer.bytes).toBeLessThanOrEqual(total);
        }
      }),
    );
  });
});

describe('the end of a transfer', () => {
  it('counts as done when it was stopped after the last byte', () => {
    const all = advanced(waitingTransfer('a', 10), 10, 0);
    expect(ended(all, 'stopped', 2000)).toMatchObject({ phase: 'done', bytes: 10, rate: 5 });
  });

  it('keeps the bytes when it was stopped before', () => {
    const some = advanced(waitingTransfer('a', 10), 9, 0);
    expect(ended(some, 'stopped', 2000)).toMatchObject({ phase: 'stopped', bytes: 9 });
  });
});
