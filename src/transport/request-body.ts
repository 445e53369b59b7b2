// Sends the body of a request, whose length the request has stated.
import type { ClientRequest } from 'node:http';
import type { Readable } from 'node:stream';

/**
 * Writes a body to a request and ends it. `onProgress` is called whenever a part of it has left. A body that fails, or is not
 * `length` bytes long, destroys the request with the error.
 */
export function sendBody(
  exchange: ClientRequest,
  body: Readable | Uint8Array,
  length: number,
  onProgress: () => void,
): void {
  exchange.on('drain', onProgress);
  if (body instanceof Uint8Array) {
    if (body.length === length) {
      exchange.end(body);
    } else {
      exchange.destroy(wrongLength(body.length, length));
    }
    return;
  }
  let sent = 0;
  exchange.once('close', () => body.destroy());
  exchange.on('drain', () => body.resume());
  body.on('error', (error) => exchange.destroy(error));
  body.on('close', () => {
    if (!body.readableEnded && !exchange.destroyed) {
      exchange.destroy(wrongLength(sent, length));
    }
  });
  body.on('end', () => {
    if (sent === length) {
      exchange.end();
    } else {
      exchange.destroy(wrongLength(sent, length));
    }
  });
  body.on('data', (chunk: Uint8Array) => {
    sent += chunk.length;
    if (sent > length) {
      exchange.destroy(wrongLength(sent, length));
    } else if (!exchange.write(chunk)) {
      body.pause();
    }
  });
}

function wrongLength(sent: number, length: number): Error {
  return Object.assign(new Error(`the body of the request has ${sent} bytes and not ${length}`), {
    code: 'BODY_LENGTH_WRONG',
  });
}
