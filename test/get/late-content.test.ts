// The time that a get has to wait for missing content: spent once by what is waited for at the same time.
import { expect, it } from 'vitest';
import { waitingTime } from '../../src/get/late-content.ts';
import { createFakeClock } from '../support/fake-clock.ts';

it('is spent only while something is waited for, and once by several waits', () => {
  const clock = createFakeClock('manual');
  const time = waitingTime({ total: 15_000, pause: 2_000 }, clock);
  clock.advance(60_000);
  expect(time.left()).toBe(15_000);
  const [first, second] = [time.spend(), time.spend()];
  clock.advance(4_000);
  first();
  expect(time.left()).toBe(11_000);
  clock.advance(1_000);
  second();
  clock.advance(60_000);
  expect(time.left()).toBe(10_000);
  const third = time.spend();
  clock.advance(10_000);
  expect(time.left()).toBe(0);
  third();
  expect(time.left()).toBe(0);
});
