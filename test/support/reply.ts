// A response of a test server as a value, and how it is sent: as it is, or with a fault.
import type { ServerResponse } from 'node:http';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Distortion } from './fault.ts';

/** A response; the `Content-Length` follows from the body. Header names are in lower case. */
export interface Reply {
  readonly status: number;
  /** A list is one header line for each item. */
  readonly headers?: Readonly<Record<string, string | string[]>>;
  readonly body?: Uint8Array | string;
}

/** The bytes of a body, not copied. */
export function bytesOf(content: Uint8Array | string): Buffer {
  return typeof content === 'string'
    ? Buffer.from(content)
    : Buffer.from(content.buffer, content.byteOffset, content.byteLength);
}

/** A response with a JSON document. */
export function jsonReply(status: number, document: unknown, headers: Record<string, string> = {}): Reply {
  return {
    status,
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(document),
  };
}

/** An error of the distribution specification ("Error Codes"). */
export function errorReply(
  status: number,
  code: string,
  message: string,
  headers: Record<string, string> = {},
): Reply {
  return jsonReply(status, { errors: [{ code, message, detail: {} }] }, headers);
}

const codes: Readonly<Record<number, string>> = {
  400: 'UNSUPPORTED',
  401: 'UNAUTHORIZED',
  403: 'DENIED',
  404: 'NOT_FOUND',
  429: 'TOOMANYREQUESTS',
  503: 'UNAVAILABLE',
};

/** The response of a registry that fails with a status: an error document, none below 400. */
export function statusReply(status: number): Reply {
  return status < 400
    ? { status }
    : errorReply(status, codes[status] ?? 'UNKNOWN', `answered with ${status}`);
}

/** Sends a response. Resolves when it was passed to the system or the client disconnected. */
export async function deliver(response: ServerResponse, reply: Reply, fault?: Distortion): Promise<void> {
  const distorted = fault?.kind === 'flip' ? flipped(reply, fault.at) : reply;
  const body = bytesOf(distorted.body ?? '');
  const headers = headersOf(distorted, body.length, fault);
  if (fault?.kind === 'continue') {
    response.writeContinue();
  }
  response.writeHead(distorted.status, headers);
  if (response.req.method === 'HEAD' || fault === undefined) {
    response.end(body);
    return;
  }
  const { socket } = response;
  const gone = new Promise<void>((resolve) => response.once('close', () => resolve()));
  switch (fault.kind) {
    case 'truncate':
      await push({ response, gone }, body.subarray(0, fault.after));
      socket?.end();
      return;
    case 'reset':
      await push({ response, gone }, body.subarray(0, fault.after ?? 0));
      cut(response);
      return;
    case 'stall':
      await push({ response, gone }, body.subarray(0, fault.after));
      if (fault.until !== undefined) {
        await Promise.race([fault.until, gone]);
        response.end(body.subarray(fault.after));
      }
      return;
    case 'drip':
      for (let sent = 0; sent < body.length && !response.destroyed; sent += fault.chunk) {
        await Promise.race([fault.pace?.(sent) ?? nextTurn(), gone]);
        await push({ response, gone }, body.subarray(sent, sent + fault.chunk));
      }
      response.end();
      return;
    case 'contentLength':
      await push({ response, gone }, body);
      socket?.end();
      return;
    case 'oversize':
      await push({ response, gone }, body);
      await pushZeros({ response, gone }, fault.extra);
      response.end();
      return;
    default:
      response.end(body);
  }
}

/** Resets the connection, by RST where the socket allows it (TLS: without the closing alert). */
export function cut(response: ServerResponse): void {
  const socket = response.req.socket;
  if ('encrypted' in socket) {
    socket.destroy();
  } else {
    socket.resetAndDestroy();
  }
}

function headersOf(
  reply: Reply,
  length: number,
  fault: Distortion | undefined,
): Record<string, string | string[]> {
  const headers: Record<string, string | string[] | undefined> = { ...reply.headers };
  // 204 and 304 have no body and may not state a length (RFC 9110, "Content-Length").
  if (reply.status !== 204 && reply.status !== 304) {
    headers['content-length'] ??= String(length);
  }
  switch (fault?.kind) {
    case 'headers':
      for (const [name, value] of Object.entries(fault.headers)) {
        headers[name.toLowerCase()] = value;
      }
      break;
    case 'chunked':
      headers['content-length'] = undefined;
      break;
    case 'truncate':
      headers['content-length'] = fault.chunked ? undefined : headers['content-length'];
      break;
    case 'contentLength':
      headers['content-length'] = String(length + fault.by);
      break;
    case 'oversize':
      headers['content-length'] = fault.chunked ? undefined : String(length + fault.extra);
      break;
    default:
  }
  return Object.fromEntries(
    Object.entries(headers).filter(
      (header): header is [string, string | string[]] => header[1] !== undefined,
    ),
  );
}

function flipped(reply: Reply, at: number | undefined): Reply {
  const body = Buffer.from(reply.body ?? '');
  const position = at ?? body.length >> 1;
  if (position < body.length) {
    body.writeUInt8(body.readUInt8(position) ^ 1, position);
  }
  return { ...reply, body };
}

interface Channel {
  readonly response: ServerResponse;
  /** Resolves when the client disconnected. */
  readonly gone: Promise<void>;
}

/** Resolves when the bytes were passed to the system, or when the client disconnected. */
async function push({ response, gone }: Channel, bytes: Uint8Array): Promise<void> {
  response.flushHeaders();
  if (bytes.length > 0 && !response.destroyed) {
    await Promise.race([new Promise<void>((resolve) => response.write(bytes, () => resolve())), gone]);
  }
}

async function pushZeros(channel: Channel, count: number): Promise<void> {
  const zeros = Buffer.alloc(Math.min(count, 1 << 16));
  for (let left = count; left > 0 && !channel.response.destroyed; left -= zeros.length) {
    await push(channel, zeros.subarray(0, left));
  }
}
