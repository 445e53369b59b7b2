// What the signals that end a process do to the command.
import { EventEmitter } from 'node:events';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { cleanUpTime, listenForSignals } from '../../src/process/interruption.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function listen() {
  const source = new EventEmitter();
  const ends: number[] = [];
  return { source, ends, interruption: listenForSignals(source, (status) => ends.push(status)) };
}

it.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)(
  'aborts the command at %s and leaves it the time to clean up before it ends with %i',
  (signal, status) => {
    const { source, ends, interruption } = listen();
    expect(interruption.signal.aborted).toBe(false);
    expect(interruption.status).toBeUndefined();
    source.emit(signal);
    expect(interruption.signal.reason).toMatchObject({ message: `interrupted by ${signal}` });
    expect(interruption.status).toBe(status);
    vi.advanceTimersByTime(cleanUpTime - 1);
    expect(ends).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(ends).toEqual([status]);
  },
);

it('ends the process at once at the second signal', () => {
  const { source, ends, interruption } = listen();
  source.emit('SIGINT');
  source.emit('SIGTERM');
  expect(ends).toEqual([143]);
  expect(interruption.status).toBe(130);
});
