// Progress that is looked at: bars that change in place, or a plain line now and then.
import { redraw } from './live-lines.ts';
import type { ShownProgress } from './progress.ts';
import { barLines, plainLine } from './progress-text.ts';
import { createTransferList } from './transfer-list.ts';

/** What a display needs of the world around it. Times are in milliseconds. */
export interface DisplaySurroundings {
  write(text: string): void;
  now(): number;
  /** Calls an action again and again until the function given back is called; keeps no process alive. */
  every(milliseconds: number, action: () => void): () => void;
}

/** The size of a terminal in characters. */
export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

/** How often bars change. */
const barPause = 250;
/** How often there is a plain line. */
const linePause = 5_000;
/** For a log that doesn't say how wide it is, and which a terminal may show later. */
const usualWidth = 80;

/** Bars, and the way to write a log while they are there. */
export interface Bars extends ShownProgress {
  /** Writes whole lines, above what is still under way. */
  write(lines: string): void;
}

/**
 * A bar for each transfer, those under way below everything else: what has ended stays in the log, among its lines. On
 * a terminal as many are shown as there is room for; anything else has room for all.
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
    // In the last column of a terminal the cursor may be on the next line or not.
    const wanted = barLines([...settled, ...moving], (size?.columns ?? usualWidth) - 1);
    const text = redraw(shown, wanted, above);
    shown = wanted.slice(settled.length);
    if (text !== '') {
      write(text);
    }
  };

  return {
    start(name, totalBytes) {
      stopTicking ??= every(barPause, () => {
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

/** Every few seconds one line of the log about what is moving, told by `tell`; nothing of what takes less. */
export function createPlainLines(
  { now, every }: Omit<DisplaySurroundings, 'write'>,
  tell: (line: string) => void,
): ShownProgress {
  const list = createTransferList({ now, onEnd: () => list.takeEnded() });
  let stopTicking: (() => void) | undefined;
  return {
    start(name, totalBytes) {
      stopTicking ??= every(linePause, () => {
        list.measure();
        const line = plainLine(list.states);
        if (line !== undefined) {
          tell(line);
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
