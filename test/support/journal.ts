// The journal of a test server: every request that it received, in order, and how many were open at once.
import type { IncomingHttpHeaders } from 'node:http';

/** One request as it arrived. `path` is still percent-encoded. */
export interface RecordedRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  /** Whether it had an `Authorization` header. */
  readonly authorized: boolean;
  /** Bytes of the body received so far. */
  bodySize: number;
  /** Status of the response; undefined before it is sent, and when the connection was reset before. */
  status: number | undefined;
}

/** Selects requests: those that match every member. A string is the whole path, without the query. */
export interface RequestFilter {
  readonly method?: string;
  readonly path?: string | RegExp;
}

/** Whether a request matches a filter. */
export function matches(filter: RequestFilter, request: { method: string; path: string }): boolean {
  if (filter.method !== undefined && filter.method !== request.method) {
    return false;
  }
  if (filter.path instanceof RegExp) {
    return new RegExp(filter.path).test(request.path);
  }
  return filter.path === undefined || filter.path === request.path;
}

interface Waiter {
  readonly filter: RequestFilter;
  readonly count: number;
  readonly resolve: (requests: RecordedRequest[]) => void;
}

/** What a test server records and a test reads. */
export class Journal {
  readonly requests: RecordedRequest[] = [];
  readonly #events: { readonly request: RecordedRequest; readonly step: 1 | -1 }[] = [];
  #waiters: Waiter[] = [];

  begin(request: RecordedRequest): void {
    this.requests.push(request);
    this.#events.push({ request, step: 1 });
    this.#waiters = this.#waiters.filter((waiter) => {
      const found = this.select(waiter.filter);
      if (found.length < waiter.count) {
        return true;
      }
      waiter.resolve(found);
      return false;
    });
  }

  end(request: RecordedRequest): void {
    this.#events.push({ request, step: -1 });
  }

  /** The requests that match a filter, in order of arrival. */
  select(filter: RequestFilter): RecordedRequest[] {
    return this.requests.filter((request) => matches(filter, request));
  }

  /** `GET /v2/` and so on, for comparison with the expected sequence. */
  get lines(): string[] {
    return this.requests.map(({ method, path }) => `${method} ${path}`);
  }

  /** The greatest number of matching requests that were open at one time. */
  maxConcurrent(filter: RequestFilter = {}): number {
    let now = 0;
    let most = 0;
    for (const { request, step } of this.#events) {
      if (matches(filter, request)) {
        now += step;
        most = Math.max(most, now);
      }
    }
    return most;
  }

  /** Resolves with the matching requests as soon as there are `count` of them. */
  arrived(filter: RequestFilter, count = 1): Promise<RecordedRequest[]> {
    const found = this.select(filter);
    if (found.length >= count) {
      return Promise.resolve(found);
    }
    return new Promise((resolve) => this.#waiters.push({ filter, count, resolve }));
  }
}
