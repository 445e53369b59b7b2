// The fake clock of the tests: time passes by waits or by `advance`, and by nothing else.
import { describe, expect, it } from 'vitest';
import { createFakeClock } from './fake-clock.ts';

describe('the fake clock in the mode auto', () => {
  it('advances the time by the length of each wait', async () => {
    const clock = createFakeClock();
    const start = clock.now();
    await clock.sleep(300);
    await clock.sleep(20);
    expect(clock.now() - start).toBe(320);
    expect(clock.waits).toEqual([300, 20]);
  });
});

describe('the fake clock in the mode manual', () => {
  it('ends the waits that are due, in the order of their times', async () => {
    const clock = createFakeClock('manual');
    const ended: number[] = [];
    for (const length of [30, 10, 20]) {
      void clock.sleep(length).then(() => ended.push(length));
    }
    await clock.untilSleeping(3);
    clock.advance(20);
    await Promise.resolve();
    expect(ended).toEqual([10, 20]);
    expect(clock.sleeping).toBe(1);
  });

  it('resolves untilSleeping as soon as that many waits are running', async () => {
    const clock = createFakeClock('manual');
    const two = clock.untilSleeping(2);
    void clock.sleep(1);
    void clock.sleep(1);
    await two;
    expect(clock.sleeping).toBe(2);
  });

  it('ends a wait that is aborted, and refuses one whose signal is aborted already', async () => {
    const clock = createFakeClock('manual');
    const controller = new AbortController();
    const wait = clock.sleep(10, controller.signal);
    controller.abort(new Error('enough'));
    await expect(wait).rejects.toThrow('enough');
    await expect(clock.sleep(10, controller.signal)).rejects.toThrow('enough');
    expect(clock.sleeping).toBe(0);
    expect(clock.waits).toEqual([10]);
  });
});
