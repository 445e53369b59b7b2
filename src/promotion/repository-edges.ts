// The edges of a plan in little memory: a byte and a shared place for each. An edge is made whenever it is asked for.
import type { Digest } from '../oci/digest.ts';
import type { Edge } from './edges.ts';
import { type EdgeAction, edgeActions, type PlannedEdge, plannedEdge } from './plan-edges.ts';

/** What the edges to all destinations have in common. */
type Place = Omit<Edge, 'destination'>;

/** Places, each once: most occur for every destination. */
export class Places {
  readonly #sources = new Map<string, Map<Digest, Map<string | null, Place>>>();

  /** The place of an edge; the same one for equal edges to other destinations. */
  of({ source, digest, tag }: Edge): Place {
    const digests = this.#sources.get(source) ?? new Map<Digest, Map<string | null, Place>>();
    this.#sources.set(source, digests);
    const tags = digests.get(digest) ?? new Map<string | null, Place>();
    digests.set(digest, tags);
    const place = tags.get(tag) ?? { source, digest, tag };
    tags.set(tag, place);
    return place;
  }
}

/** Planned edges into one destination repository, in order. */
export class RepositoryEdges implements Iterable<PlannedEdge> {
  readonly destination: string;
  readonly #places: readonly Place[];
  /** The position of each action in the list of all actions. */
  readonly #actions: Uint8Array;
  readonly #was = new Map<number, Digest>();
  readonly #reasons = new Map<number, string>();

  /** Keeps edges, all of which have this destination. */
  constructor(destination: string, edges: Iterable<PlannedEdge>, places: Places) {
    const list: Place[] = [];
    const actions: number[] = [];
    let lastReason = '';
    for (const edge of edges) {
      const { action, was, reason } = edge;
      if (was !== undefined) {
        this.#was.set(list.length, was);
      }
      if (reason !== undefined) {
        // One reason is often that of a whole repository.
        lastReason = reason === lastReason ? lastReason : reason;
        this.#reasons.set(list.length, lastReason);
      }
      list.push(places.of(edge));
      actions.push(edgeActions.indexOf(action));
    }
    this.destination = destination;
    // A copy has no room for more.
    this.#places = list.slice();
    this.#actions = Uint8Array.from(actions);
  }

  get length(): number {
    return this.#places.length;
  }

  /** How many edges have this action. */
  count(action: EdgeAction): number {
    const wanted = edgeActions.indexOf(action);
    let count = 0;
    for (const each of this.#actions) {
      count += each === wanted ? 1 : 0;
    }
    return count;
  }

  /** The edge at a position. Throws a RangeError where there is none. */
  at(position: number): PlannedEdge {
    const place = this.#places[position];
    const action = edgeActions[this.#actions[position] ?? -1];
    if (!place || !action) {
      throw new RangeError(`${this.destination} has no edge ${position}`);
    }
    const { source, digest, tag } = place;
    const edge = { source, destination: this.destination, digest, tag };
    return plannedEdge(edge, action, this.#was.get(position), this.#reasons.get(position));
  }

  *[Symbol.iterator](): Generator<PlannedEdge> {
    for (let position = 0; position < this.length; position++) {
      yield this.at(position);
    }
  }
}

/** All edges of a plan, repository by repository. */
export class PlannedEdges implements Iterable<PlannedEdge> {
  readonly repositories: readonly RepositoryEdges[];
  readonly length: number;
  /** The position of the first edge of each repository. */
  readonly #starts: readonly number[];

  constructor(repositories: readonly RepositoryEdges[]) {
    const starts: number[] = [];
    let length = 0;
    for (const repository of repositories) {
      starts.push(length);
      length += repository.length;
    }
    this.repositories = repositories;
    this.length = length;
    this.#starts = starts;
  }

  /** How many edges have this action. */
  count(action: EdgeAction): number {
    return this.repositories.reduce((sum, repository) => sum + repository.count(action), 0);
  }

  /** The edge at a position of all. Throws a RangeError where there is none. */
  at(position: number): PlannedEdge {
    let low = 0;
    let high = this.#starts.length;
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      if ((this.#starts[middle] ?? 0) <= position) {
        low = middle;
      } else {
        high = middle;
      }
    }
    const repository = this.repositories[low];
    if (!repository) {
      throw new RangeError(`the plan has no edge ${position}`);
    }
    return repository.at(position - (this.#starts[low] ?? 0));
  }

  *[Symbol.iterator](): Generator<PlannedEdge> {
    for (const repository of this.repositories) {
      yield* repository;
    }
  }
}
