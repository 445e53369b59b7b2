// The form of a saved plan, which `promote --out` writes line by line: JSON with one edge on a line, by destination repository.
import { createHash } from 'node:crypto';
import { finishDigest } from '../oci/digest.ts';
import type { PromotionPlan } from './plan.ts';
import { isToDo, type PlannedEdge } from './plan-edges.ts';

/** What a file says of itself: another tool's JSON, and a plan that another release made, are no plan for this one. */
export const planFormat = 'registry-image plan';
export const planVersion = 2;

/** The lines between the edges: the end of a repository, with or without a further one, and that of all repositories. */
export const planLines = { repositoryEnd: ']}', furtherRepository: ']},', end: '],' } as const;

/**
 * The lines of the file of a plan that was made at `now`, in milliseconds since 1970. Its checksum is that of all lines before.
 * `redact` is for what servers said: the file is read by others.
 */
export function* encodePlan(
  { edges, total }: PromotionPlan,
  now: number,
  redact: (text: string) => string,
): Generator<string> {
  const hash = createHash('sha256');
  for (const line of contentLines({ edges, total }, new Date(now).toISOString(), redact)) {
    const text = `${line}\n`;
    hash.update(text);
    yield text;
  }
  yield `"checksum":${JSON.stringify(finishDigest(hash))}}\n`;
}

function* contentLines(
  { edges, total }: PromotionPlan,
  created: string,
  redact: (text: string) => string,
): Generator<string> {
  yield opened({ format: planFormat, version: planVersion, created, total }, 'repositories');
  let start = 0;
  while (start < edges.length) {
    const end = endOfRepository(edges, start);
    yield* repositoryLines(edges, start, end, redact);
    yield end < edges.length ? planLines.furtherRepository : planLines.repositoryEnd;
    start = end;
  }
  yield planLines.end;
}

/** Where the edges with the same destination and source end. */
function endOfRepository(edges: readonly PlannedEdge[], start: number): number {
  const first = edges[start];
  let end = start + 1;
  while (
    end < edges.length &&
    edges[end]?.destination === first?.destination &&
    edges[end]?.source === first?.source
  ) {
    end++;
  }
  return end;
}

function* repositoryLines(
  edges: readonly PlannedEdge[],
  start: number,
  end: number,
  redact: (text: string) => string,
): Generator<string> {
  const { destination, source } = edges[start] ?? {};
  let pending = 0;
  for (let position = start; position < end; position++) {
    const edge = edges[position];
    pending += edge && isToDo(edge) ? 1 : 0;
  }
  yield opened({ destination, source, pending }, 'edges');
  for (let position = start; position < end; position++) {
    const edge = edges[position];
    if (edge) {
      const { digest, tag, action, was } = edge;
      const reason = edge.reason === undefined ? undefined : redact(edge.reason);
      yield `${JSON.stringify({ digest, tag, action, was, reason })}${position + 1 < end ? ',' : ''}`;
    }
  }
}

/** An object whose last member is a list that the next lines fill. */
function opened(members: object, list: string): string {
  return `${JSON.stringify(members).slice(0, -1)},"${list}":[`;
}
