// One request and its response: the silence of a server, and the slowness of a reader.
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import type { HttpResponse } from '../../src/transport/http-client.ts';
import { rawServer } from '../support/silent-server.ts';
import { testClient } from '../support/test-session.ts';

const half = 'x'.repeat(1000);

/** A response whose first half has been received, and its server, which has not sent the second. */
async function halfReceived(): Promise<{ body: HttpResponse['body']; server: Socket; tick: () => void }> {
  const connected = Promise.withResolvers<Socket>();
  const { port } = await rawServer((socket) => {
    connected.resolve(socket);
    socket.on('data', () => socket.write(`HTTP/1.1 200 OK\r\ncontent-length: 2000\r\n\r\n${half}`));
  });
  const url = `http://127.0.0.1:${port}/`;
  const { body } = await testClient().send({ method: 'GET', url, headers: {}, timeout: 60_000 });
  const { socket } = body as IncomingMessage;
  while (body.readableLength < half.length) {
    await new Promise(setImmediate);
  }
  // What the timer of the connection does after half of the time limit, without waiting for it.
  return { body, server: await connected.promise, tick: () => socket.emit('timeout') };
}

describe('a body', () => {
  it.each([
    ['an invalid length of a chunk', '5\r\nhello\r\nError: no space left\r\n', 'HPE_INVALID_CHUNK_SIZE'],
    ['a chunk of more bytes than there are numbers', `${'f'.repeat(20)}\r\nhello`, 'HPE_INVALID_CHUNK_SIZE'],
    ['an endless extension of a chunk', `5;${'x'.repeat(200_000)}`, 'HPE_CHUNK_EXTENSIONS_OVERFLOW'],
  ])('with %s fails with that reason', async (_name, chunks, code) => {
    const { port } = await rawServer((socket) => {
      socket.on('data', () => socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n'));
      socket.once('data', () => setImmediate(() => socket.write(chunks)));
    });
    const url = `http://127.0.0.1:${port}/`;
    const { body } = await testClient().send({ method: 'GET', url, headers: {}, timeout: 60_000 });
    await expect(text(body)).rejects.toMatchObject({ code });
  });

  it('that is not read for longer than the time limit comes as a whole', async () => {
    const { body, server, tick } = await halfReceived();
    for (let count = 0; count < 5; count++) {
      tick();
    }
    const read = text(body);
    server.write(half);
    expect(await read).toBe(half + half);
  });

  it('whose reader begins just before the time is over comes as a whole', async () => {
    const { body, server, tick } = await halfReceived();
    tick();
    const read = text(body);
    while (body.readableLength > 0) {
      await new Promise(setImmediate);
    }
    tick();
    server.write(half);
    expect(await read).toBe(half + half);
  });

  it('that stops after a late reader has begun is one of a silent server', async () => {
    const { body, tick } = await halfReceived();
    tick();
    const read = text(body);
    read.catch(() => {});
    while (body.readableLength > 0) {
      await new Promise(setImmediate);
    }
    tick();
    tick();
    await expect(read).rejects.toMatchObject({ code: 'BODY_TIMEOUT' });
  });
});
