// The clock of the tests: time passes by waiting or by turning, and by nothing else.
import { describe, expect, it } from 'vitest';
import { createTurnedClock } from './turned-clock.ts';

describe('a running clock', () => {
  it('passes by waiting', async () => {
    const clock = createTurnedClock();
    const start = clock.now();
    await clock.sleep(300);
    await clock.sleep(20);
    expect(clock.now() - start).toBe(320);
    expect(clock.waits).toEqual([300, 20]);
  });
});

describe('a held clock', () => {
  it('ends the waits that are over, in their order', async () => {
    const clock = createTurnedClock('held');
    const ended: number[] = [];
    for (const length of [30, 10, 20]) {
      void clock.sleep(length).then(() => ended.push(length));
    }
    await clock.asleep(3);
    clock.turn(20);
    await Promise.resolve();
    expect(ended).toEqual([10, 20]);
    expect(clock.sleeping).toBe(1);
  });

  it('tells when somebody waits', async () => {
    const clock = createTurnedClock('held');
    const two = clock.asleep(2);
    void clock.sleep(1);
    void clock.sleep(1);
    await two;
    expect(clock.sleeping).toBe(2);
  });

  it('lets an aborted wait go', async () => {
    const clock = createTurnedClock('held');
    const controller = new AbortController();
    const wait = clock.sleep(10, controller.signal);
    controller.abort(new Error('enough'));
    await expect(wait).rejects.toThrow('enough');
    await expect(clock.sleep(10, controller.signal)).rejects.toThrow('enough');
    expect(clock.sleeping).toBe(0);
    expect(clock.waits).toEqual([10]);
  });
});
