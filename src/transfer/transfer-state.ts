// The state of one transfer: its bytes, its rate, the time left. Pure.

/** A transfer at one moment; sizes in bytes, times in milliseconds, the rate in bytes per second. */
export interface TransferState {
  readonly name: string;
  readonly total: number;
  readonly bytes: number;
  readonly phase: 'waiting' | 'moving' | 'done' | 'stopped';
  /** The time of its first bytes. */
  readonly begunAt: number;
  /** The recent rate, and the time and the bytes up to which it is measured. */
  readonly rate: number;
  readonly measuredAt: number;
  readonly measuredBytes: number;
}

/** The time constant of the moving average of the rate, in milliseconds. */
const smoothing = 3_000;

/** A transfer that has not begun. */
export function waitingTransfer(name: string, total: number): TransferState {
  return { name, total, bytes: 0, phase: 'waiting', begunAt: 0, rate: 0, measuredAt: 0, measuredBytes: 0 };
}

/** The transfer with its rate updated by the bytes since the last measurement: a moving average over time. */
export function measured(transfer: TransferState, now: number): TransferState {
  const elapsed = now - transfer.measuredAt;
  if (transfer.phase !== 'moving' || elapsed <= 0) {
    return transfer;
  }
  const recent = ((transfer.bytes - transfer.measuredBytes) * 1000) / elapsed;
  const first = transfer.measuredAt === transfer.begunAt;
  const weight = first ? 1 : 1 - Math.exp(-elapsed / smoothing);
  const rate = transfer.rate + weight * (recent - transfer.rate);
  return { ...transfer, rate, measuredAt: now, measuredBytes: transfer.bytes };
}

/** The transfer after so many more bytes; never more than its total. */
export function advanced(transfer: TransferState, bytes: number, now: number): TransferState {
  const begun = transfer.phase === 'waiting';
  return {
    ...transfer,
    ...(begun ? { phase: 'moving', begunAt: now, measuredAt: now } : {}),
    bytes: Math.min(transfer.total, transfer.bytes + bytes),
  };
}

/**
 * The transfer at its end; when done, its rate is the average over all of its bytes. A transfer stopped after its last
 * byte counts as done: a registry may respond to an upload before the end of the stream is seen here.
 */
export function ended(transfer: TransferState, phase: 'done' | 'stopped', now: number): TransferState {
  if (phase === 'stopped' && transfer.bytes < transfer.total) {
    return { ...transfer, phase };
  }
  const elapsed = transfer.phase === 'moving' ? now - transfer.begunAt : 0;
  const rate = elapsed > 0 ? (transfer.total * 1000) / elapsed : 0;
  return { ...transfer, phase: 'done', bytes: transfer.total, rate, measuredAt: transfer.begunAt + elapsed };
}

/** The time left of a moving transfer in milliseconds; undefined when it cannot be estimated. */
export function timeLeft({ phase, rate, total, bytes }: TransferState): number | undefined {
  return phase === 'moving' && rate >= 1 ? ((total - bytes) * 1000) / rate : undefined;
}
