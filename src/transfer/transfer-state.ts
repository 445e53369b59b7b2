// What is known of one transfer: its bytes, its rate, the time left. Pure.

/** A transfer at one moment; sizes in bytes, times in milliseconds, the rate in bytes per second. */
export interface TransferState {
  readonly name: string;
  readonly total: number;
  readonly bytes: number;
  readonly phase: 'waiting' | 'moving' | 'done' | 'stopped';
  /** When it began to move. */
  readonly begunAt: number;
  /** The rate of late, and up to when and how many bytes it counts. */
  readonly rate: number;
  readonly measuredAt: number;
  readonly measuredBytes: number;
}

/** After about this long, in milliseconds, an earlier rate counts for little. */
const memory = 3_000;

/** A transfer that waits to begin. */
export function waitingTransfer(name: string, total: number): TransferState {
  return { name, total, bytes: 0, phase: 'waiting', begunAt: 0, rate: 0, measuredAt: 0, measuredBytes: 0 };
}

/** The transfer with a rate that takes account of the bytes since it was measured: a moving average over time. */
export function measured(transfer: TransferState, now: number): TransferState {
  const elapsed = now - transfer.measuredAt;
  if (transfer.phase !== 'moving' || elapsed <= 0) {
    return transfer;
  }
  const recent = ((transfer.bytes - transfer.measuredBytes) * 1000) / elapsed;
  const first = transfer.measuredAt === transfer.begunAt;
  const weight = first ? 1 : 1 - Math.exp(-elapsed / memory);
  const rate = transfer.rate + weight * (recent - transfer.rate);
  return { ...transfer, rate, measuredAt: now, measuredBytes: transfer.bytes };
}

/** The transfer when so many bytes have passed; never more than its total. */
export function advanced(transfer: TransferState, bytes: number, now: number): TransferState {
  const begun = transfer.phase === 'waiting';
  return {
    ...transfer,
    ...(begun ? { phase: 'moving', begunAt: now, measuredAt: now } : {}),
    bytes: Math.min(transfer.total, transfer.bytes + bytes),
  };
}

/**
 * The transfer at its end; one that is done has the rate of its whole way. What is stopped after its last byte counts
 * as done: a registry that has all bytes of an upload answers before anybody sees the end of them.
 */
export function ended(transfer: TransferState, phase: 'done' | 'stopped', now: number): TransferState {
  if (phase === 'stopped' && transfer.bytes < transfer.total) {
    return { ...transfer, phase };
  }
  const elapsed = transfer.phase === 'moving' ? now - transfer.begunAt : 0;
  const rate = elapsed > 0 ? (transfer.total * 1000) / elapsed : 0;
  return { ...transfer, phase: 'done', bytes: transfer.total, rate, measuredAt: transfer.begunAt + elapsed };
}

/** How long a moving transfer will take from now on, in milliseconds; undefined when there is no telling. */
export function timeLeft({ phase, rate, total, bytes }: TransferState): number | undefined {
  return phase === 'moving' && rate >= 1 ? ((total - bytes) * 1000) / rate : undefined;
}
