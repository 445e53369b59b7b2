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
  /** Takes the rates of this moment. */
  measure(): void;
  /** What is under way, with the rates that were taken last. */
  readonly states: readonly TransferState[];
  /** Gives away those that have ended, in the order of their ends. */
  takeEnded(): readonly TransferState[];
  /** Stops what is under way, without calling `onEnd`. */
  stopAll(): void;
}

/** A list of transfers without any in it. */
export function createTransferList({ now, onEnd }: TransferListOptions): TransferList {
  const entries = new Set<{ state: TransferState }>();
  let endedStates: TransferState[] = [];
  /** Tells whether it was under way until now. */
  const end = (entry: { state: TransferState }, phase: 'done' | 'stopped') => {
    const underWay = entries.delete(entry);
    if (underWay && (phase === 'done' || entry.state.phase !== 'waiting')) {
      endedStates.push(ended(entry.state, phase, now()));
    }
    return underWay;
  };
  const endAndTell = (entry: { state: TransferState }, phase: 'done' | 'stopped') => {
    if (end(entry, phase)) {
      onEnd();
    }
  };
  return {
    add(name, total) {
      const entry = { state: waitingTransfer(name, total) };
      entries.add(entry);
      return {
        advance(bytes) {
          entry.state = advanced(entry.state, bytes, now());
        },
        done: () => endAndTell(entry, 'done'),
        stop: () => endAndTell(entry, 'stopped'),
      };
    },
    measure() {
      for (const entry of entries) {
        entry.state = measured(entry.state, now());
      }
    },
    get states() {
      return Array.from(entries, ({ state }) => state);
    },
    takeEnded() {
      const taken = endedStates;
      endedStates = [];
      return taken;
    },
    stopAll() {
      for (const entry of entries) {
        end(entry, 'stopped');
      }
    },
  };
}
