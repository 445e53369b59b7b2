// The fault script of a test server: ordered rules, each for some requests and a number of times.
import { matches, type RecordedRequest, type RequestFilter } from './journal.ts';

/** Faults that replace the response. */
export type Refusal =
  /** Another response. `early`: sent before the request's body was read. Without `body`, a registry's error document. */
  | {
      readonly kind: 'status';
      readonly status: number;
      readonly body?: string | Uint8Array | object;
      readonly headers?: Readonly<Record<string, string>>;
      readonly early?: boolean;
    }
  /** A redirect, by default with status 307. */
  | {
      readonly kind: 'redirect';
      readonly to: string | ((request: RecordedRequest) => string);
      readonly status?: 301 | 302 | 303 | 307 | 308;
    }
  /** The connection is reset when this many bytes of the request's body were read. */
  | { readonly kind: 'resetUpload'; readonly after: number }
  /** This many bytes of the request's body are read, then nothing happens until the client disconnects. */
  | { readonly kind: 'stallUpload'; readonly after: number };

/** Faults in a response that is correct otherwise. `after` counts bytes of the body. */
export type Distortion =
  /** The connection is closed in order (FIN) before the promised length. */
  | { readonly kind: 'truncate'; readonly after: number; readonly chunked?: boolean }
  /** The connection is reset (RST), without `after` before any response. At most `after` bytes arrive. */
  | { readonly kind: 'reset'; readonly after?: number }
  /** Nothing more is sent until `until` resolves; without it, until the client disconnects. */
  | { readonly kind: 'stall'; readonly after: number; readonly until?: Promise<unknown> }
  /** The body is sent in pieces of `chunk` bytes, each when `pace` has resolved (default: in the next turn). */
  | { readonly kind: 'drip'; readonly chunk: number; readonly pace?: (sent: number) => Promise<unknown> }
  /** One bit of the body is flipped; `at` is the byte, by default the middle one. */
  | { readonly kind: 'flip'; readonly at?: number }
  /** `Content-Length` is wrong by this many bytes; the connection ends after the body. */
  | { readonly kind: 'contentLength'; readonly by: number }
  /** The body is followed by `extra` zero bytes; `chunked` leaves the `Content-Length` out. */
  | { readonly kind: 'oversize'; readonly extra: number; readonly chunked?: boolean }
  /** Correct, but without `Content-Length`, as from some proxies. */
  | { readonly kind: 'chunked' }
  /** Headers are set, or removed where the value is undefined. */
  | { readonly kind: 'headers'; readonly headers: Readonly<Record<string, string | undefined>> }
  /** Correct, but after a `100 Continue` that was not asked for. */
  | { readonly kind: 'continue' }
  /** Every page of a list has a link to a next one. */
  | { readonly kind: 'endlessPages' };

/** What is done to one request. */
export type Fault =
  | Refusal
  | Distortion
  /** Nothing: lets requests pass before the next rule. */
  | { readonly kind: 'pass' }
  /** The response waits for the promise, whose value does not matter. */
  | { readonly kind: 'hold'; readonly until: Promise<unknown>; readonly next?: Refusal | Distortion };

const otherKinds: readonly Fault['kind'][] = [
  'pass',
  'hold',
  'status',
  'redirect',
  'resetUpload',
  'stallUpload',
];

/** Whether a fault changes how a response is sent, rather than replacing it. */
export function isDistortion(fault: Fault): fault is Distortion {
  return !otherKinds.includes(fault.kind);
}

/** A rule of the script: the first one that matches a request and is not used up decides. */
export interface FaultRule extends RequestFilter {
  /** How often it applies; by default always. */
  readonly times?: number;
  /** The fault, or a function that chooses one; without one, the next rule is tried. */
  readonly fault: Fault | ((request: RecordedRequest) => Fault | undefined);
}

/** A fault taken from the script. `putBack` undoes the use. */
export interface DrawnFault {
  readonly fault: Fault;
  putBack(): void;
}

/** The rules of a server; tests may add rules at any time. */
export class FaultScript {
  readonly #rules: { readonly rule: FaultRule; left: number }[] = [];

  constructor(rules: readonly FaultRule[] = []) {
    this.add(...rules);
  }

  /** Appends rules. */
  add(...rules: readonly FaultRule[]): void {
    this.#rules.push(...rules.map((rule) => ({ rule, left: rule.times ?? Number.POSITIVE_INFINITY })));
  }

  /** Removes all rules. */
  clear(): void {
    this.#rules.length = 0;
  }

  /** The fault for a request, counted as used. */
  draw(request: RecordedRequest): DrawnFault | undefined {
    for (const found of this.#rules) {
      const fault = found.left > 0 && matches(found.rule, request) ? faultOf(found.rule, request) : undefined;
      if (fault) {
        found.left -= 1;
        return {
          fault,
          putBack: () => {
            found.left += 1;
          },
        };
      }
    }
    return undefined;
  }

  /** Whether every rule with a number of times was used up. */
  get exhausted(): boolean {
    return this.#rules.every(({ left }) => left === 0 || left === Number.POSITIVE_INFINITY);
  }
}

function faultOf({ fault }: FaultRule, request: RecordedRequest): Fault | undefined {
  return typeof fault === 'function' ? fault(request) : fault;
}
