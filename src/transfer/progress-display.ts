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
 * A bar for each transfer. What has ended stays where it is, as soon as all before it have; lines of the log go above
 * what hasn't. On a terminal as many are shown as there is room for; anything else has room for all.
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
    // In the last column of a terminal the cursor may be on the next line or not.
    const lines = barLines(list.states, (size?.columns ?? usualWidth) - 1);
    const live = list.states.findIndex(({ phase }) => phase === 'waiting' || phase === 'moving');
    const settled = live === -1 ? lines.length : live;
    const wanted = lines.slice(0, settled + Math.max(1, (size?.rows ?? Number.POSITIVE_INFINITY) - 1));
    const text = redraw(shown, wanted, above);
    shown = wanted.slice(settled);
    list.forget(settled);
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
  const list = createTransferList({ now, onEnd: () => {} });
  let stopTicking: (() => void) | undefined;
  return {
    start(name, totalBytes) {
      stopTicking ??= every(linePause, () => {
        const line = plainLine(list.measure());
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
