// How a test server handles one request: choose a fault, read the body, respond.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Fault, type FaultScript, isDistortion } from './fault.ts';
import type { Journal, RecordedRequest } from './journal.ts';
import { cut, deliver, type Reply, statusReply } from './reply.ts';

/** A request with its whole body. */
export interface ReceivedRequest extends RecordedRequest {
  readonly body: Buffer;
}

/** What an exchange needs from its server. */
export interface ExchangeParts {
  readonly journal: Journal;
  readonly faults: FaultScript;
  /** Returns the response to a request; a thrown error becomes a 500. */
  readonly answer: (request: ReceivedRequest) => Reply | Promise<Reply>;
}

/**
 * Responds to one request, or applies the fault of the script. A distortion applies only to responses below 400: another
 * response (a challenge, for example) is sent as it is, and the rule stays for the next request.
 */
export async function exchange(
  request: IncomingMessage,
  response: ServerResponse,
  parts: ExchangeParts,
): Promise<void> {
  const record = recorded(request);
  parts.journal.begin(record);
  response.once('close', () => parts.journal.end(record));
  // Many tests disconnect a client on purpose; the record shows it.
  request.on('error', () => {});
  response.on('error', () => {});
  const drawn = parts.faults.draw(record);
  let fault: Fault | undefined = drawn?.fault;
  if (fault?.kind === 'hold') {
    await fault.until;
    fault = fault.next;
  }
  if (fault?.kind === 'reset' && fault.after === undefined) {
    cut(response);
    return;
  }
  const body =
    fault?.kind === 'status' && fault.early ? Buffer.alloc(0) : await receive(request, record, fault);
  if (body === undefined) {
    if (fault?.kind === 'resetUpload') {
      cut(response);
    }
    return;
  }
  const refusal = fault && refusalReply(fault, record);
  const reply = refusal ?? (await answered({ ...record, body }, parts.answer));
  record.status = reply.status;
  if (fault === undefined || !isDistortion(fault)) {
    await deliver(response, reply);
  } else if (reply.status >= 400) {
    drawn?.putBack();
    await deliver(response, reply);
  } else {
    await deliver(response, fault.kind === 'endlessPages' ? withNextPage(reply, record) : reply, fault);
  }
}

function recorded(request: IncomingMessage): RecordedRequest {
  const target = request.url ?? '/';
  const mark = target.indexOf('?');
  return {
    method: request.method ?? '',
    path: mark < 0 ? target : target.slice(0, mark),
    query: new URLSearchParams(mark < 0 ? '' : target.slice(mark + 1)),
    headers: request.headers,
    authorized: request.headers.authorization !== undefined,
    bodySize: 0,
    status: undefined,
  };
}

/** The whole body; undefined when the client disconnected or the fault stops the reading. */
async function receive(
  request: IncomingMessage,
  record: RecordedRequest,
  fault: Fault | undefined,
): Promise<Buffer | undefined> {
  const limit = fault?.kind === 'resetUpload' || fault?.kind === 'stallUpload' ? fault.after : undefined;
  const chunks: Buffer[] = [];
  return await new Promise((resolve) => {
    const stop = () => {
      request.pause();
      request.removeListener('data', take);
      resolve(undefined);
    };
    const take = (chunk: Buffer) => {
      record.bodySize += chunk.length;
      chunks.push(chunk);
      if (limit !== undefined && record.bodySize >= limit) {
        stop();
      }
    };
    request.on('close', () => resolve(undefined));
    request.on('end', () => resolve(limit === undefined ? Buffer.concat(chunks) : undefined));
    if (limit === 0) {
      stop();
    } else {
      request.on('data', take);
    }
  });
}

async function answered(request: ReceivedRequest, answer: ExchangeParts['answer']): Promise<Reply> {
  try {
    return await answer(request);
  } catch (error) {
    return { status: 500, headers: { 'content-type': 'text/plain' }, body: String(error) };
  }
}

function refusalReply(fault: Fault, request: RecordedRequest): Reply | undefined {
  if (fault.kind === 'redirect') {
    const to = typeof fault.to === 'string' ? fault.to : fault.to(request);
    return { status: fault.status ?? 307, headers: { location: to } };
  }
  if (fault.kind !== 'status') {
    return undefined;
  }
  const plain = statusReply(fault.status);
  const { body } = fault;
  return {
    status: fault.status,
    headers: { ...plain.headers, ...fault.headers },
    ...(body === undefined
      ? { body: plain.body ?? '' }
      : { body: typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body) }),
  };
}

function withNextPage(reply: Reply, request: RecordedRequest): Reply {
  const page = Number(request.query.get('page') ?? '0') + 1;
  const link = `<${request.path}?page=${page}>; rel="next"`;
  return { ...reply, headers: { ...reply.headers, link } };
}
