// All transfers of one command, in the order in which they were announced.
import type { Transfer } from './progress.ts';
import { advanced, ended, measured, type TransferState, waitingTransfer } from './transfer-state.ts';

/** What a {@link createTransferList} needs; `now` in milliseconds. */
export interface TransferListOptions {
  now(): number;
  /** Called after each transfer that has ended. */
  onEnd(): void;
}

/** Transfers that can be looked at. */
export interface TransferList {
  add(name: string, total: number): Transfer;
  /** Their states with rates of this moment. */
  measure(): readonly TransferState[];
  /** Their states as they were measured last. */
  readonly states: readonly TransferState[];
  /** Forgets the first so many. */
  forget(count: number): void;
  /** Stops what is under way, without calling `onEnd`. */
  stopAll(): void;
}

/** A list of transfers without any in it. */
export function createTransferList({ now, onEnd }: TransferListOptions): TransferList {
  let entries: { state: TransferState }[] = [];
  const stop = (entry: { state: TransferState }) => {
    if (entry.state.phase === 'waiting') {
      entries = entries.filter((other) => other !== entry);
    }
    entry.state = ended(entry.state, 'stopped', now());
  };
  const isUnderWay = ({ state: { phase } }: { state: TransferState }) =>
    phase === 'waiting' || phase === 'moving';
  return {
    add(name, total) {
      const entry = { state: waitingTransfer(name, total) };
      entries.push(entry);
      return {
        advance(bytes) {
          if (isUnderWay(entry)) {
            entry.state = advanced(entry.state, bytes, now());
          }
        },
        done() {
          if (isUnderWay(entry)) {
            entry.state = ended(entry.state, 'done', now());
            onEnd();
          }
        },
        stop() {
          if (isUnderWay(entry)) {
            stop(entry);
            onEnd();
          }
        },
      };
    },
    measure() {
      for (const entry of entries) {
        entry.state = measured(entry.state, now());
      }
      return entries.map(({ state }) => state);
    },
    get states() {
      return entries.map(({ state }) => state);
    },
    forget(count) {
      entries = entries.slice(count);
    },
    stopAll() {
      for (const entry of entries.filter(isUnderWay)) {
        stop(entry);
      }
    },
  };
}
