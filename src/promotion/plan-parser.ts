// The lines of a saved plan: its head, its repositories and their edges, each checked by itself.
import { UserError } from '../errors.ts';
import { isDigest } from '../oci/digest.ts';
import { isJsonObject, parseJson } from '../oci/json.ts';
import { parseRepository } from '../oci/reference.ts';
import { isTag } from '../policy/tag-grammar.ts';
import { edgeActions, type PlannedEdge, plannedEdge } from './plan-edges.ts';
import { planLines, planVersion } from './plan-file.ts';
import { repositoryFault } from './registry-name.ts';

/** A destination, one of its sources, and how many edges are to be done there. */
export interface PlanRepository {
  readonly destination: string;
  readonly source: string;
  readonly pending: number;
}

/** Receives the edges of a repository. */
export type OnPlannedEdge = (edge: PlannedEdge) => void;

/** What to do about a file that cannot be used. */
export const makePlanAgain = 'make it again with promote --out';

/** Matches the beginning of a plan in any version and format. */
const start = /^\s*\{\s*"format"\s*:\s*"registry-image plan"\s*,\s*"version"\s*:\s*([^\s,}]+)/;
/** By so many characters a plan shows that it is one. */
const startLength = 200;

/** Reads line after line. A UserError of {@link head} is about the whole file, one of {@link line} about that line. */
export class PlanParser {
  readonly #onRepository: (repository: PlanRepository) => OnPlannedEdge | undefined;
  #start = '';
  #place: 'head' | 'repositories' | 'edges' | 'end' = 'head';
  #repository: PlanRepository = { destination: '', source: '', pending: 0 };
  #onEdge: OnPlannedEdge | undefined;
  #edges = 0;
  created = '';
  total = 0;

  /** Edges are parsed only where `onRepository` returns a receiver. */
  constructor(onRepository: (repository: PlanRepository) => OnPlannedEdge | undefined) {
    this.#onRepository = onRepository;
  }

  /** Whether the file has shown that it is a plan of this version. */
  get isPlan(): boolean {
    return this.#place !== 'head';
  }

  /** Reads the next line of the beginning, until {@link isPlan}. Throws a UserError for what is no plan for this program. */
  head(line: string): void {
    this.#start += `${line}\n`;
    const [, version] = start.exec(this.#start) ?? [];
    if (version === undefined && this.#start.length < startLength) {
      return;
    }
    if (version === undefined) {
      throw noPlan();
    }
    if (version !== String(planVersion)) {
      throw new UserError(
        `the plan has version ${version}; this program carries out version ${planVersion}`,
        { hint: 'make the plan again with this program, or carry it out with the one that made it' },
      );
    }
    this.#place = 'repositories';
    const head = parseJson(`${line}]}`);
    const { created, total } = isJsonObject(head) ? head : {};
    if (typeof created === 'string' && typeof total === 'number') {
      this.created = created;
      this.total = total;
    }
  }

  /** Reads a line after the beginning. */
  line(line: string): void {
    switch (this.#place) {
      case 'repositories':
        this.#readRepository(line);
        return;
      case 'edges':
        this.#readEdge(line);
        return;
      default:
        throw new UserError('the plan goes on after its end', { hint: makePlanAgain });
    }
  }

  /** Throws a UserError unless the plan is complete. */
  end(): void {
    if (this.#place === 'head') {
      throw noPlan();
    }
    if (this.#place !== 'end') {
      throw new UserError('the plan has no end of its repositories', { hint: makePlanAgain });
    }
    if (!Number.isSafeInteger(this.total) || this.total < this.#edges) {
      throw new UserError(`the plan has ${this.#edges} edges, but counts ${this.total}`, {
        hint: makePlanAgain,
      });
    }
  }

  #readRepository(line: string): void {
    if (line === planLines.end) {
      this.#place = 'end';
      return;
    }
    const head = parseJson(`${line}]}`);
    const { destination, source, pending } = isJsonObject(head) ? head : {};
    if (
      typeof destination !== 'string' ||
      typeof source !== 'string' ||
      typeof pending !== 'number' ||
      !isPlace(destination) ||
      !isPlace(source)
    ) {
      throw new UserError('a repository of the plan is malformed', { hint: makePlanAgain });
    }
    this.#repository = { destination, source, pending };
    this.#onEdge = this.#onRepository(this.#repository);
    this.#place = 'edges';
  }

  #readEdge(line: string): void {
    if (line === planLines.repositoryEnd || line === planLines.furtherRepository) {
      this.#place = 'repositories';
      return;
    }
    this.#edges++;
    this.#onEdge?.(readEdge(parseJson(line.endsWith(',') ? line.slice(0, -1) : line), this.#repository));
  }
}

function noPlan(): UserError {
  return new UserError('the file is no plan of registry-image, or is cut off at its beginning', {
    hint: makePlanAgain,
  });
}

function readEdge(value: unknown, { source, destination }: PlanRepository): PlannedEdge {
  if (isJsonObject(value)) {
    const { digest, tag, was, reason } = value;
    const action = edgeActions.find((known) => known === value.action);
    if (
      isDigest(digest) &&
      (tag === null || (typeof tag === 'string' && isTag(tag))) &&
      action !== undefined &&
      isOptional(was, isDigest) &&
      isOptional(reason, (text): text is string => typeof text === 'string')
    ) {
      return plannedEdge({ source, destination, digest, tag }, action, was, reason);
    }
  }
  throw new UserError('an edge of the plan is malformed', { hint: makePlanAgain });
}

/** Whether it is the whole name of a repository. The parts of an edge become paths of requests: none may lead elsewhere. */
function isPlace(name: string): boolean {
  if (repositoryFault(name) !== undefined) {
    return false;
  }
  const { registry, path } = parseRepository(name);
  return `${registry}/${path}` === name;
}

function isOptional<Value>(
  value: unknown,
  isValue: (value: unknown) => value is Value,
): value is Value | undefined {
  return value === undefined || isValue(value);
}
