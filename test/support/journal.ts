// Every request that a test server got, in order, and which of them were under way together.
import type { IncomingHttpHeaders } from 'node:http';

/** One request as it arrived. `path` and `query` are what was sent, the path still percent-encoded. */
export interface RecordedRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  /** Whether it carried an `Authorization` header. */
  readonly authorized: boolean;
  /** Bytes of the body received so far. */
  bodySize: number;
  /** Status of the answer; undefined as long as there is none, or when the connection was cut before. */
  status: number | undefined;
}

/** Which requests are meant: all that agree with every member given. A text is the whole path, without query. */
export interface RequestFilter {
  readonly method?: string;
  readonly path?: string | RegExp;
}

/** Whether a request is one of those that a filter means. */
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

/** What a test server writes down and a test reads. */
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

  /** The requests that a filter means, in order of arrival. */
  select(filter: RequestFilter): RecordedRequest[] {
    return this.requests.filter((request) => matches(filter, request));
  }

  /** `GET /v2/` and so on, for comparing with the sequence expected. */
  get lines(): string[] {
    return this.requests.map(({ method, path }) => `${method} ${path}`);
  }

  /** The greatest number of requests meant by the filter that were under way at one time. */
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

  /** Resolves with the requests meant by the filter as soon as there are `count` of them. */
  arrived(filter: RequestFilter, count = 1): Promise<RecordedRequest[]> {
    const found = this.select(filter);
    if (found.length >= count) {
      return Promise.resolve(found);
    }
    return new Promise((resolve) => this.#waiters.push({ filter, count, resolve }));
  }
}
