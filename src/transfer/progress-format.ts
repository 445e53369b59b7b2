// Formats progress in plain ASCII: sizes, durations, bars, one line for each transfer. Pure.
import { type TransferState, timeLeft } from './transfer-state.ts';

const units = ['b', 'KiB', 'MiB', 'GiB', 'TiB'];

/** A size in bytes with one decimal, in units of 1024 as upstream shows them: `1.5MiB`. */
export function formatSize(bytes: number): string {
  let value = bytes;
  let unit = 0;
  // A value that would be rounded to 1024.0 belongs to the next unit.
  while (value >= 1023.95 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${value.toFixed(1)}${units[unit]}`;
}

/** A duration in milliseconds, rounded up to seconds: `0:07`, `12:00`, `1:00:00`; undefined beyond 99 hours. */
export function formatDuration(milliseconds: number): string | undefined {
  const seconds = Math.ceil(milliseconds / 1000);
  if (seconds >= 100 * 3600) {
    return undefined;
  }
  const two = (value: number) => String(value).padStart(2, '0');
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  return `${hours > 0 ? `${hours}:${two(minutes)}` : minutes}:${two(seconds % 60)}`;
}

/** The duration of a transfer that is done: with tenths of a second below a minute. */
function formatElapsed(milliseconds: number): string {
  return milliseconds < 59_950
    ? `${(milliseconds / 1000).toFixed(1)}s`
    : (formatDuration(milliseconds) ?? 'days');
}

function columnsOf(transfer: TransferState) {
  const { name, bytes, total, rate, phase, begunAt, measuredAt } = transfer;
  const left = formatDuration(timeLeft(transfer) ?? Number.POSITIVE_INFINITY);
  const time = {
    waiting: '',
    moving: `${left ?? '-:--'} left`,
    done: `in ${formatElapsed(measuredAt - begunAt)}`,
    stopped: 'stopped',
  };
  return {
    name,
    size: `${formatSize(bytes)}/${formatSize(total)}`,
    rate: phase === 'waiting' || phase === 'stopped' || rate < 1 ? '' : `${formatSize(rate)}/s`,
    time: time[phase],
  };
}

/** A bar of exactly `width` characters with its brackets: `[==>---]`. */
export function formatBar(part: number, width: number): string {
  const inner = width - 2;
  const filled = Math.floor(Math.min(1, Math.max(0, part)) * inner);
  const head = filled > 0 && filled < inner ? `${'='.repeat(filled - 1)}>` : '='.repeat(filled);
  return `[${head.padEnd(inner, '-')}]`;
}

/** The greatest widths of the columns beside a bar, so that bars keep their length. */
const [sizeWidth, rateWidth, timeWidth] = [19, 11, 10];
const longestBar = 40;
const shortestBar = 10;

/**
 * A line with a bar for each transfer, at most `width` characters long without the colour codes of the name. A narrow
 * line has no bar, and is cut off at `width`.
 */
export function barLines(transfers: readonly TransferState[], width: number): string[] {
  const nameWidth = Math.max(12, ...transfers.map(({ name }) => name.length));
  const room = width - (nameWidth + sizeWidth + rateWidth + timeWidth + 4);
  return transfers.map((transfer) => {
    const { name, size, rate, time } = columnsOf(transfer);
    const part = transfer.total > 0 ? transfer.bytes / transfer.total : Number(transfer.phase === 'done');
    const bar = room < shortestBar ? '' : `${formatBar(part, Math.min(room, longestBar))} `;
    const numbers = `${size.padStart(sizeWidth)} ${rate.padStart(rateWidth)} ${time.padStart(timeWidth)}`;
    const line = `${name.padEnd(nameWidth)} ${bar}${numbers}`.slice(0, width).trimEnd();
    return `\x1b[90m${line.slice(0, name.length)}\x1b[0m${line.slice(name.length)}`;
  });
}

/** The running transfers and their progress as one line without escape sequences; undefined when there are none. */
export function plainLine(transfers: readonly TransferState[]): string | undefined {
  const moving = transfers.filter(({ phase }) => phase === 'moving');
  const parts = moving.map((transfer) => {
    const { name, size, rate, time } = columnsOf(transfer);
    return [name, size, rate, time].filter((column) => column !== '').join(' ');
  });
  return parts.length > 0 ? parts.join(', ') : undefined;
}
