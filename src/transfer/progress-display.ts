// The progress display: bars that change in place, or a plain log line every few seconds.
import { redraw } from './live-lines.ts';
import type { ShownProgress } from './progress.ts';
import { barLines, plainLine } from './progress-format.ts';
import { createTransferList } from './transfer-list.ts';

/** What a display needs of its surroundings. Times are in milliseconds. */
export interface DisplaySurroundings {
  write(text: string): void;
  now(): number;
  /** Repeats an action until the returned function is called; does not keep the process alive. */
  every(milliseconds: number, action: () => void): () => void;
}

/** The size of a terminal in characters. */
export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

/** Milliseconds between updates of the bars. */
const barInterval = 250;
/** Milliseconds between plain lines. */
const lineInterval = 5_000;
/** The width for a log that is not a terminal, but may be shown in one later. */
const defaultWidth = 80;

/** Bars, and how log lines are written while they are shown. */
export interface Bars extends ShownProgress {
  /** Writes whole lines above the bars of running transfers. */
  write(lines: string): void;
}

/**
 * A bar for each transfer. Bars of running transfers stay below everything else; the bar of a transfer that ended
 * stays in the log where it is. A terminal shows as many bars as it has rows; any other output shows all.
 */
export function createBars(
  { write, now, every }: DisplaySurroundings,
  terminal: () => TerminalSize | undefined,
): Bars {
  const list = createTransferList({ now, onEnd: () => draw('') });
  let shown: readonly string[] = [];
  let stopTicking: (() => void) | undefined;

  const draw = (above: string) => {
    const size = terminal();
    const settled = list.takeEnded();
    const moving = list.states.slice(0, Math.max(1, (size?.rows ?? Number.POSITIVE_INFINITY) - 1));
    // After the last column of a terminal, the cursor may or may not be on the next line.
    const wanted = barLines([...settled, ...moving], (size?.columns ?? defaultWidth) - 1);
    const output = redraw(shown, wanted, above);
    shown = wanted.slice(settled.length);
    if (output !== '') {
      write(output);
    }
  };

  return {
    start(name, totalBytes) {
      stopTicking ??= every(barInterval, () => {
        list.measure();
        draw('');
      });
      return list.add(name, totalBytes);
    },
    write(lines) {
      draw(lines);
    },
    close() {
      stopTicking?.();
      list.stopAll();
      draw('');
    },
  };
}

/** Writes one log line about the running transfers every few seconds; nothing about shorter ones. */
export function createPlainLines(
  { now, every }: Omit<DisplaySurroundings, 'write'>,
  log: (line: string) => void,
): ShownProgress {
  const list = createTransferList({ now, onEnd: () => list.takeEnded() });
  let stopTicking: (() => void) | undefined;
  return {
    start(name, totalBytes) {
      stopTicking ??= every(lineInterval, () => {
        list.measure();
        const line = plainLine(list.states);
        if (line !== undefined) {
          log(line);
        }
      });
      return list.add(name, totalBytes);
    },
    close() {
      stopTicking?.();
      list.stopAll();
    },
  };
}
