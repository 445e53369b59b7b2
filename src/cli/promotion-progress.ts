// The progress of a promotion on standard error: one line for each host now and then, and its failures.
import type { ContentEvent } from '../content/content-event.ts';
import { contentWarning } from '../content/content-warning.ts';
import type { Log } from '../log.ts';
import { isToDo, type PlannedEdge } from '../promotion/plan-edges.ts';
import type { ReportedEdge } from '../promotion/promotion-report.ts';
import { formatSize } from '../transfer/progress-format.ts';
import { edgeLine } from './promotion-output.ts';
import { counted, printable } from './table.ts';

/** Milliseconds between two lines about a host. */
const lineInterval = 5_000;
/** A host that is down fails thousands of edges for one reason. */
const loggedFailures = 5;

/** What progress is logged to. */
export interface ProgressSurroundings {
  readonly log: Log;
  /** Repeats an action until the returned function is called. */
  every(milliseconds: number, action: () => void): () => void;
}

/** Receives what happens, until it is closed. */
export interface PromotionProgress {
  edge(edge: ReportedEdge): void;
  /** An event of a copy to a destination host. */
  content(event: ContentEvent, host: string): void;
  /** Logs the state of every host, and stops. */
  close(): void;
}

interface HostState {
  readonly total: number;
  done: number;
  failed: number;
  bytes: number;
  line: string;
}

/** Logs the progress of the edges that are to be carried out; every edge of them with `debug`. */
export function createPromotionProgress(
  edges: Iterable<PlannedEdge>,
  { log, every }: ProgressSurroundings,
): PromotionProgress {
  const totals = new Map<string, number>();
  for (const edge of edges) {
    if (isToDo(edge)) {
      const host = hostOf(edge.destination);
      totals.set(host, (totals.get(host) ?? 0) + 1);
    }
  }
  const hosts = new Map(
    Array.from(totals, ([host, total]): [string, HostState] => [
      host,
      { total, done: 0, failed: 0, bytes: 0, line: lineOf(host, { total, done: 0, failed: 0, bytes: 0 }) },
    ]),
  );
  const logChanges = () => {
    for (const [host, state] of hosts) {
      const line = lineOf(host, state);
      if (line !== state.line) {
        state.line = line;
        log.info(line);
      }
    }
  };
  const stopTicking = every(lineInterval, logChanges);

  return {
    edge(edge) {
      log.debug(printable(edgeLine(edge)));
      const state = hosts.get(hostOf(edge.destination));
      if (!state) {
        return;
      }
      state.done++;
      if (edge.outcome === 'failed' && ++state.failed <= loggedFailures) {
        log.warn(printable(edgeLine(edge)));
      }
    },
    content(event, host) {
      const state = hosts.get(host);
      if (state && event.type === 'pushed') {
        state.bytes += event.node.descriptor.size;
      }
      const warning = contentWarning(event);
      if (warning !== undefined) {
        log.warn(printable(warning));
      }
    },
    close() {
      stopTicking();
      logChanges();
    },
  };
}

/** Logs how many repositories of each host were read, now and then. Nothing is logged about what takes less time. */
export function createReadingProgress(
  destinations: readonly string[],
  { log, every }: ProgressSurroundings,
): { read(destination: string): void; close(): void } {
  const totals = Map.groupBy(destinations, hostOf);
  const read = new Map<string, number>();
  const logged = new Map<string, number>();
  const stopTicking = every(lineInterval, () => {
    for (const [host, count] of read) {
      if (count !== logged.get(host)) {
        logged.set(host, count);
        const total = totals.get(host)?.length ?? count;
        log.info(`${host}: read ${count} of ${counted(total, 'repository', 'repositories')}`);
      }
    }
  });
  return {
    read(destination) {
      const host = hostOf(destination);
      read.set(host, (read.get(host) ?? 0) + 1);
    },
    close: stopTicking,
  };
}

function hostOf(destination: string): string {
  return destination.split('/', 1)[0] ?? '';
}

/** `registry.example.com: 12 of 40 edges, 1 failed, 1.2GiB sent`. */
function lineOf(host: string, { total, done, failed, bytes }: Omit<HostState, 'line'>): string {
  const parts = [
    `${done} of ${counted(total, 'edge')}`,
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(bytes > 0 ? [`${formatSize(bytes)} sent`] : []),
  ];
  return `${host}: ${parts.join(', ')}`;
}
