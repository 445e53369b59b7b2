// Interim responses (1xx): none is an error, and none extends the time that a server has for its response.
import { subscribe } from 'node:diagnostics_channel';

/** The parts of undici's parser of HTTP/1 that are changed here. */
interface ResponseParser {
  timeout: unknown;
  onHeadersComplete(status: number, upgrade: boolean, shouldKeepAlive: boolean): number;
}

const changed = new WeakSet<object>();
let isListening = false;

/**
 * Makes the parser of undici skip every interim response, as RFC 9110, section 15.2, demands: by itself it closes the
 * connection at a `100 Continue` that was not asked for, and each other one lets the time limit of the response begin anew.
 * Undici has no option for either, but names each new connection in a diagnostics channel, and the connection has the parser.
 */
export function skipInterimResponses(): void {
  if (isListening) {
    return;
  }
  isListening = true;
  subscribe('undici:client:connected', (message) => {
    const parser = parserOf(message);
    const prototype: ResponseParser | null = parser ? Object.getPrototypeOf(parser) : null;
    if (prototype && !changed.has(prototype)) {
      changed.add(prototype);
      changeParser(prototype);
    }
  });
}

function changeParser(prototype: ResponseParser): void {
  const { onHeadersComplete } = prototype;
  prototype.onHeadersComplete = function (this: ResponseParser, status, upgrade, shouldKeepAlive) {
    if (status < 100 || status > 199 || status === 101) {
      return onHeadersComplete.call(this, status, upgrade, shouldKeepAlive);
    }
    const { timeout } = this;
    this.timeout = null;
    try {
      // 102 is skipped in every state.
      return onHeadersComplete.call(this, 102, upgrade, shouldKeepAlive);
    } finally {
      this.timeout = timeout;
    }
  };
}

function parserOf(message: unknown): object | undefined {
  const socket = isObject(message) && 'socket' in message ? message.socket : undefined;
  if (!isObject(socket)) {
    return undefined;
  }
  const key = Object.getOwnPropertySymbols(socket).find(({ description }) => description === 'parser');
  const parser: unknown = key && Reflect.get(socket, key);
  return isObject(parser) && 'onHeadersComplete' in parser ? parser : undefined;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
