// The form of a saved plan, which `promote --out` writes line by line: JSON with one edge on a line, by destination repository.
import { createHash } from 'node:crypto';
import { finishDigest } from '../oci/digest.ts';
import { isToDo, type PlannedEdge } from './plan-edges.ts';

/** What a file says of itself: another tool's JSON, and a plan that another release made, are no plan for this one. */
export const planFormat = 'registry-image plan';
export const planVersion = 2;

/** The lines between the edges: the end of a repository, with or without a further one, and that of all repositories. */
export const planLines = { repositoryEnd: ']}', furtherRepository: ']},', end: '],' } as const;

/** What a file has of a plan. */
interface EncodedPlan {
  readonly edges: Iterable<PlannedEdge>;
  readonly total: number;
}

/**
 * The lines of the file of a plan that was made at `now`, in milliseconds since 1970. Its checksum is that of all lines before.
 * `redact` is for what servers said: the file is read by others.
 */
export function* encodePlan(
  { edges, total }: EncodedPlan,
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
  { edges, total }: EncodedPlan,
  created: string,
  redact: (text: string) => string,
): Generator<string> {
  yield opened({ format: planFormat, version: planVersion, created, total }, 'repositories');
  let separator = '';
  for (const group of byRepository(edges)) {
    if (separator !== '') {
      yield separator;
    }
    yield* repositoryLines(group, redact);
    separator = planLines.furtherRepository;
  }
  if (separator !== '') {
    yield planLines.repositoryEnd;
  }
  yield planLines.end;
}

/** The edges with the same destination and source that follow each other; none of these lists is empty. */
function* byRepository(edges: Iterable<PlannedEdge>): Generator<readonly PlannedEdge[]> {
  let group: PlannedEdge[] = [];
  for (const edge of edges) {
    const [first] = group;
    if (first && (edge.destination !== first.destination || edge.source !== first.source)) {
      yield group;
      group = [];
    }
    group.push(edge);
  }
  if (group.length > 0) {
    yield group;
  }
}

function* repositoryLines(
  edges: readonly PlannedEdge[],
  redact: (text: string) => string,
): Generator<string> {
  const { destination, source } = edges[0] ?? {};
  yield opened({ destination, source, pending: edges.filter(isToDo).length }, 'edges');
  for (const [position, edge] of edges.entries()) {
    const { digest, tag, action, was } = edge;
    const reason = edge.reason === undefined ? undefined : redact(edge.reason);
    yield `${JSON.stringify({ digest, tag, action, was, reason })}${position + 1 < edges.length ? ',' : ''}`;
  }
}

/** An object whose last member is a list that the next lines fill. */
function opened(members: object, list: string): string {
  return `${JSON.stringify(members).slice(0, -1)},"${list}":[`;
}
