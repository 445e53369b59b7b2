// Reads a saved plan as a stream, and keeps only what is wanted of it. Cut, edited and foreign files are refused.
import { createHash } from 'node:crypto';
import { UserError } from '../errors.ts';
import { maximumPlanLine } from '../limits.ts';
import { finishDigest } from '../oci/digest.ts';
import { isJsonObject, parseJson } from '../oci/json.ts';
import type { PlannedEdge } from './plan-edges.ts';
import { makePlanAgain, PlanParser } from './plan-parser.ts';
import { Places, PlannedEdges, RepositoryEdges } from './repository-edges.ts';
import type { WeighedRepository } from './shard.ts';

/** What a plan says before its edges are read. */
export interface PlanContents {
  /** When it was made, by RFC 3339. */
  readonly created: string;
  /** How many edges there are, those that are not listed too. */
  readonly total: number;
  /** The destinations, with the number of edges that are to be done. */
  readonly repositories: readonly WeighedRepository[];
}

/** The bytes of a file, from its beginning. */
export type PlanBytes = AsyncIterable<Uint8Array>;

/** What a plan contains. Throws a UserError when it is not whole, was edited, or is of another version. */
export async function readPlanContents(bytes: PlanBytes): Promise<PlanContents> {
  const weights = new Map<string, number>();
  const parser = new PlanParser(({ destination, pending }) => {
    weights.set(destination, (weights.get(destination) ?? 0) + pending);
    return undefined;
  });
  await readPlan(bytes, parser);
  const { created, total } = parser;
  const repositories = Array.from(weights, ([destination, edges]) => ({ destination, edges }));
  return { created, total, repositories };
}

/** The edges of a plan whose destination is wanted. Throws as {@link readPlanContents}. */
export async function readPlanEdges(
  bytes: PlanBytes,
  isWanted: (destination: string) => boolean,
): Promise<PlannedEdges> {
  const places = new Places();
  const repositories = new Map<string, RepositoryEdges>();
  let current = '';
  let edges: PlannedEdge[] = [];
  const keep = () => {
    if (edges.length > 0) {
      const all = [...(repositories.get(current) ?? []), ...edges];
      repositories.set(current, new RepositoryEdges(current, all, places));
      edges = [];
    }
  };
  const parser = new PlanParser(({ destination }) => {
    if (destination !== current) {
      keep();
      current = destination;
    }
    return isWanted(destination) ? (edge) => edges.push(edge) : undefined;
  });
  await readPlan(bytes, parser);
  keep();
  return new PlannedEdges([...repositories.values()]);
}

/** The fault of a line counts only when the checksum is right: else the file was cut off or edited. */
async function readPlan(bytes: PlanBytes, parser: PlanParser): Promise<void> {
  const hash = createHash('sha256');
  let checksum: unknown;
  let fault: unknown;
  for await (const lines of linesOf(bytes)) {
    for (const line of lines) {
      if (!parser.isPlan) {
        parser.head(line);
      } else if (checksum === undefined && line.startsWith('"checksum"')) {
        checksum = parseJson(`{${line}`);
        continue;
      } else if (fault === undefined) {
        fault = faultOf(() => parser.line(line));
      }
      hash.update(`${line}\n`);
    }
  }
  if (parser.isPlan && !isJsonObject(checksum)) {
    throw new UserError('the plan is cut off, or was formatted anew: it does not end with its checksum', {
      hint: makePlanAgain,
    });
  }
  if (isJsonObject(checksum) && checksum.checksum !== finishDigest(hash)) {
    throw new UserError('the plan was changed after it was made: its checksum does not match', {
      hint: makePlanAgain,
    });
  }
  if (fault !== undefined) {
    throw fault;
  }
  parser.end();
}

function faultOf(action: () => void): UserError | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    if (error instanceof UserError) {
      return error;
    }
    throw error;
  }
}

/** The complete lines of each piece of a file, and its last one if it does not end. */
async function* linesOf(bytes: PlanBytes): AsyncGenerator<string[]> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const piece of bytes) {
    const lines = (rest + decoder.decode(piece, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > maximumPlanLine) {
      throw new UserError(`the plan has a line of more than ${maximumPlanLine} characters`, {
        hint: makePlanAgain,
      });
    }
    yield lines;
  }
  if (rest !== '') {
    yield [rest];
  }
}
