// One HTTP request and its response, each within its time limits.
import { type IncomingMessage, request as startRequest } from 'node:http';
import type { Readable } from 'node:stream';
import { UserError } from '../errors.ts';
import { maximumHeader, maximumQuotedName } from '../limits.ts';
import type { ConnectionRequest, OnOpening } from './connections.ts';
import type { HttpRequest, HttpResponse } from './http-client.ts';
import { redactedUrl } from './redacted-url.ts';
import { sendBody } from './request-body.ts';

/** One request and its response. */
export class Exchange {
  readonly isCleanUp: boolean;
  readonly #request: HttpRequest;
  readonly #sent: ReturnType<typeof startRequest>;
  readonly #divisor: number;
  readonly #timeout: number;
  #response: IncomingMessage | undefined;
  #endOpening: ((reason: Error) => void) | undefined;

  constructor(request: HttpRequest, options: Omit<ConnectionRequest, 'onOpening'>, divisor: number) {
    this.#request = request;
    this.isCleanUp = request.isCleanUp ?? false;
    this.#divisor = divisor;
    this.#timeout = request.timeout / divisor;
    const onOpening: OnOpening = (end) => {
      this.#endOpening = end;
    };
    const withOpening: ConnectionRequest = { ...options, onOpening };
    this.#sent = startRequest(withOpening);
    this.#sent.once('socket', () => {
      this.#endOpening = undefined;
    });
    this.#sent.maxHeadersCount = 0;
    const { signal } = request;
    if (signal) {
      const abort = () => this.end(signal.reason);
      signal.addEventListener('abort', abort);
      this.whenClosed(() => signal.removeEventListener('abort', abort));
    }
  }

  /** Calls back when the connection serves this request no more. */
  whenClosed(act: () => void): void {
    this.#sent.once('close', act);
  }

  /** Ends the request or the reading of its response with this error. */
  end(reason: Error): void {
    (this.#response ?? this.#sent).destroy(reason);
    this.#endOpening?.(reason);
  }

  /** Sends the request, and returns the response when its headers have come. */
  send(body: Readable | Uint8Array | undefined): Promise<HttpResponse> {
    const sent = this.#sent;
    return new Promise((resolve, reject) => {
      let silence: NodeJS.Timeout | undefined;
      const stop = () => {
        clearTimeout(silence);
        // It would begin again if the rest of the body were sent.
        silence = undefined;
      };
      const start = () => {
        if (this.#timeout > 0) {
          silence = setTimeout(() => sent.destroy(silent('HEADERS_TIMEOUT')), this.#timeout);
        }
      };
      // A connection comes only when it is open, which has a time limit of its own.
      sent.once('socket', start);
      sent.once('close', () => {
        stop();
        if (!this.#response) {
          reject(Object.assign(new Error('the connection was closed'), { code: 'ECONNRESET' }));
        }
      });
      const fail = (error: Error) => {
        reject(error);
        // Without its reason, a body that breaks the protocol would end as one whose connection broke.
        if (this.#response && !this.#response.complete) {
          this.#response.destroy(error);
        }
      };
      sent.on('error', fail);
      sent.once('response', (message) => {
        stop();
        this.#response = message;
        try {
          const response = this.#received(message);
          if (this.#request.method === 'HEAD') {
            // A request that follows at once would open another connection while this one still belongs to the response.
            sent.off('error', fail).on('error', () => {});
            sent.once('close', () => resolve(response));
            message.on('error', () => {}).resume();
          } else {
            resolve(response);
          }
        } catch (error) {
          reject(error);
        }
      });
      if (body === undefined) {
        sent.end();
      } else {
        sendBody(sent, body, this.#request.body?.length ?? 0, () => silence?.refresh());
      }
    });
  }

  #received(message: IncomingMessage): HttpResponse {
    const { method, url, isContent, bodyTime } = this.#request;
    const { statusCode: status = 0 } = message;
    const headers = headersOf(message);
    requireShortHeaders(headers, message, this.#request);
    // A response to HEAD has no body to wait for, and a check sends thousands.
    if (method !== 'HEAD') {
      this.#endWhenSilent(message);
      if (bodyTime !== undefined && !(isContent && (status === 200 || status === 206))) {
        limitTime(message, bodyTime / this.#divisor);
      }
    }
    message.once('end', () => {
      // A server that has refused a body does not read the rest.
      if (!this.#sent.writableFinished) {
        this.#sent.destroy();
      }
    });
    return { url, status, headers, body: message };
  }

  #endWhenSilent(message: IncomingMessage): void {
    const { socket } = message;
    const timeout = this.#timeout;
    if (timeout <= 0) {
      return;
    }
    // Two halves of silence end the body. The first begins again when something comes, or while nothing comes because nothing
    // is read; a server that can send again because a late reader has begun has one half at least.
    let halves = 0;
    let received = socket.bytesRead;
    const end = () => {
      const isNew = socket.bytesRead !== received;
      received = socket.bytesRead;
      halves = message.readableLength > 0 ? 0 : isNew ? 1 : halves + 1;
      if (halves < 2) {
        socket.setTimeout(timeout / 2);
      } else {
        message.destroy(silent('BODY_TIMEOUT'));
      }
    };
    const stop = () => {
      socket.off('timeout', end);
    };
    socket.setTimeout(timeout / 2);
    socket.on('timeout', end);
    message.once('end', stop).once('close', stop);
  }
}

function silent(code: 'HEADERS_TIMEOUT' | 'BODY_TIMEOUT'): Error {
  return Object.assign(new Error(''), { code });
}

/** Lower-case names; a header that occurs several times is a list. */
function headersOf({ rawHeaders }: IncomingMessage): HttpResponse['headers'] {
  const headers: Record<string, string | string[]> = Object.create(null);
  for (let position = 0; position < rawHeaders.length; position += 2) {
    const name = (rawHeaders[position] ?? '').toLowerCase();
    const value = rawHeaders[position + 1] ?? '';
    const known = headers[name];
    headers[name] = known === undefined ? value : [known, value].flat();
  }
  return headers;
}

/** Ends a body with the error of a silent server when it is not read to its end in time: it may come byte by byte. */
function limitTime(body: Readable, milliseconds: number): void {
  const timer = setTimeout(() => {
    body.destroy(silent('BODY_TIMEOUT'));
  }, milliseconds).unref();
  body.once('close', () => clearTimeout(timer));
  // There may be no reader yet: one that begins later gets the error.
  body.on('error', () => {});
}

function isLong(line: string): boolean {
  return line.length > maximumHeader;
}

/** Throws a UserError for a header that is longer than any can be that means something. */
function requireShortHeaders(headers: HttpResponse['headers'], body: Readable, request: HttpRequest): void {
  for (const name in headers) {
    const value = headers[name] ?? '';
    if (typeof value === 'string' ? isLong(value) : value.some(isLong)) {
      body.on('error', () => {}).destroy();
      throw new UserError(
        `${request.method} ${redactedUrl(request.url)}: the header ${name.slice(0, maximumQuotedName)} of the response is longer than ${maximumHeader} bytes`,
        { code: 'HEADERS_TOO_LONG' },
      );
    }
  }
}
