// Fakes that know exactly what they expect: requests in one order, or a table of routes. Anything else is noted.
import type { KeyPair } from './certificates.ts';
import type { ReceivedRequest } from './exchange.ts';
import { matches, type RequestFilter } from './journal.ts';
import { type RecordingServer, startRecordingServer } from './recording-server.ts';
import type { Reply } from './reply.ts';

/** What a handler answers; an object is sent as JSON, a function may look at the request. */
export type FakeReply =
  | {
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string | Uint8Array | object;
    }
  | ((request: ReceivedRequest) => FakeReply | Promise<FakeReply>);

/** One request that is expected. The query is not compared. */
export interface FakeHandler extends Required<RequestFilter> {
  readonly reply: FakeReply;
}

/** A fake that runs. */
export interface FakeServer extends RecordingServer {
  /** What was asked for and not expected, one line each. */
  readonly violations: readonly string[];
  /** Handlers of an ordered fake that were not reached, one line each. */
  readonly missing: readonly string[];
  /** Throws unless all that was expected came, and nothing else. */
  assertSatisfied(): void;
}

/** Settings of fakes. */
export interface FakeOptions {
  readonly tls?: Pick<KeyPair, 'key' | 'cert'>;
}

/** A fake that takes requests in exactly this order; any other one is answered with 500 and noted. */
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

/** A fake that takes requests in any order and number; those without a route are answered with 500 and noted. */
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

/** One reply after the other; the last one from then on. A budget that several routes may share. */
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
      ...missing().map((line) => `did not come: ${line}`),
    ];
    if (faults.length > 0) {
      throw new Error(`the fake got\n${server.journal.lines.join('\n')}\n\n${faults.join('\n')}`);
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
  // Go's servers send what they can't recognise as plain text, and no type at all with HEAD.
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
