// Servers that expect exact requests: in one order, or by a table of routes. They record every unexpected request.
import type { KeyPair } from './certificates.ts';
import type { ReceivedRequest } from './exchange.ts';
import { matches, type RequestFilter } from './journal.ts';
import { type RecordingServer, startRecordingServer } from './recording-server.ts';
import type { Reply } from './reply.ts';

/** The response of a handler; an object is sent as JSON, a function receives the request. */
export type FakeReply =
  | {
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string | Uint8Array | object;
    }
  | ((request: ReceivedRequest) => FakeReply | Promise<FakeReply>);

/** An expected request. The query is not compared. */
export interface FakeHandler extends Required<RequestFilter> {
  readonly reply: FakeReply;
}

/** A running strict server. */
export interface FakeServer extends RecordingServer {
  /** Unexpected requests, one line each. */
  readonly violations: readonly string[];
  /** Expected requests of an ordered server that did not arrive, one line each. */
  readonly missing: readonly string[];
  /** Throws unless exactly the expected requests arrived. */
  assertSatisfied(): void;
}

/** Settings of a strict server. */
export interface FakeOptions {
  readonly tls?: Pick<KeyPair, 'key' | 'cert'>;
}

/** Starts a server that expects requests in exactly this order; it responds 500 to others and records them. */
export function startOrderedServer(
  handlers: readonly FakeHandler[],
  options: FakeOptions = {},
): Promise<FakeServer> {
  let position = 0;
  const violations: string[] = [];
  const expect = (request: ReceivedRequest) => {
    const handler = handlers[position];
    if (handler && matches(handler, request)) {
      position += 1;
      return handler.reply;
    }
    violations.push(
      `${request.method} ${request.path} (expected: ${handler ? describeHandler(handler) : 'nothing'})`,
    );
    return undefined;
  };
  return startFake(
    { expect, violations, missing: () => handlers.slice(position).map(describeHandler) },
    options,
  );
}

/** Starts a server that expects requests in any order and number; it responds 500 to those without a route and records them. */
export function startRoutedServer(
  routes: readonly FakeHandler[],
  options: FakeOptions = {},
): Promise<FakeServer> {
  const violations: string[] = [];
  const expect = (request: ReceivedRequest) => {
    const route = routes.find((candidate) => matches(candidate, request));
    if (!route) {
      violations.push(`${request.method} ${request.path} (no route)`);
    }
    return route?.reply;
  };
  return startFake({ expect, violations, missing: () => [] }, options);
}

/** A reply for each request in order, then the last one for all others. Several routes may share it. */
export function inTurn(first: FakeReply, ...rest: readonly FakeReply[]): FakeReply {
  const replies = [first, ...rest];
  let position = 0;
  return () => {
    const reply = replies[Math.min(position, replies.length - 1)] ?? first;
    position += 1;
    return reply;
  };
}

interface FakeParts {
  readonly expect: (request: ReceivedRequest) => FakeReply | undefined;
  readonly violations: readonly string[];
  readonly missing: () => string[];
}

async function startFake(
  { expect, violations, missing }: FakeParts,
  options: FakeOptions,
): Promise<FakeServer> {
  const server = await startRecordingServer({
    ...options,
    answer: async (request) => {
      const reply = expect(request);
      return reply === undefined ? { status: 500 } : await resolveReply(reply, request);
    },
  });
  const assertSatisfied = () => {
    const faults = [
      ...violations.map((line) => `unexpected: ${line}`),
      ...missing().map((line) => `did not arrive: ${line}`),
    ];
    if (faults.length > 0) {
      throw new Error(`the server received\n${server.journal.lines.join('\n')}\n\n${faults.join('\n')}`);
    }
  };
  const live = Object.create(server, { missing: { get: missing } }) as RecordingServer &
    Pick<FakeServer, 'missing'>;
  return Object.assign(live, { violations, assertSatisfied });
}

async function resolveReply(reply: FakeReply, request: ReceivedRequest): Promise<Reply> {
  if (typeof reply === 'function') {
    return await resolveReply(await reply(request), request);
  }
  const { status, headers, body } = reply;
  if (body === undefined) {
    return { status, ...(headers ? { headers } : {}) };
  }
  const text = typeof body === 'string' || body instanceof Uint8Array;
  // Go's servers send unrecognised content as plain text, and no type at all with HEAD.
  const type = text ? 'text/plain; charset=utf-8' : 'application/json';
  return {
    status,
    headers: { ...(request.method === 'HEAD' ? {} : { 'content-type': type }), ...headers },
    body: text ? body : JSON.stringify(body),
  };
}

function describeHandler({ method, path }: FakeHandler): string {
  return `${method} ${path}`;
}
