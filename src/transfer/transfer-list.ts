// The list of transfers of one command, in the order in which they were registered.
import type { Transfer } from './progress.ts';
import { advanced, ended, measured, type TransferState, waitingTransfer } from './transfer-state.ts';

/** Options of {@link createTransferList}; `now` is in milliseconds. */
export interface TransferListOptions {
  now(): number;
  /** Called after the end of each transfer. */
  onEnd(): void;
}

/** The registered transfers and their states. */
export interface TransferList {
  add(name: string, total: number): Transfer;
  /** Updates the rates. */
  measure(): void;
  /** The transfers that have not ended, with the rates of the last `measure`. */
  readonly states: readonly TransferState[];
  /** Removes and returns the transfers that have ended, in the order of their ends. */
  takeEnded(): readonly TransferState[];
  /** Stops all that have not ended, without calling `onEnd`. */
  stopAll(): void;
}

/** An empty list of transfers. */
export function createTransferList({ now, onEnd }: TransferListOptions): TransferList {
  const entries = new Set<{ state: TransferState }>();
  let endedStates: TransferState[] = [];
  /** Returns false when it had ended before. */
  const end = (entry: { state: TransferState }, phase: 'done' | 'stopped') => {
    const wasOpen = entries.delete(entry);
    if (wasOpen && (phase === 'done' || entry.state.phase !== 'waiting')) {
      endedStates.push(ended(entry.state, phase, now()));
    }
    return wasOpen;
  };
  const endAndNotify = (entry: { state: TransferState }, phase: 'done' | 'stopped') => {
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
        done: () => endAndNotify(entry, 'done'),
        stop: () => endAndNotify(entry, 'stopped'),
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
