// Unsolicited interim responses (1xx), from servers that write raw bytes.
import type { Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import type { HttpRequest } from '../../src/transport/http-client.ts';
import { rawServer } from '../support/silent-server.ts';
import { testClient } from '../support/test-session.ts';

const final = 'HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\nok';

/** A server that calls `respond` once for each request, which must be small; returns its URL and its connections. */
async function serve(respond: (socket: Socket) => void) {
  const { port, sockets } = await rawServer((socket) => {
    socket.on('data', (data) => {
      if (data.includes('HTTP/1.1\r\n')) {
        respond(socket);
      }
    });
  });
  return { url: `http://127.0.0.1:${port}/x`, sockets };
}

const put = (url: string): HttpRequest => ({
  method: 'PUT',
  url,
  headers: {},
  body: { length: 4, open: async () => Buffer.from('body') },
  timeout: 1_000,
});

describe('an interim response', () => {
  it.each([
    ['a 100', 'HTTP/1.1 100 Continue\r\n\r\n'],
    ['a 100 with headers', 'HTTP/1.1 100 Continue\r\nConnection: keep-alive\r\nX-A: b\r\n\r\n'],
    ['a 102', 'HTTP/1.1 102 Processing\r\n\r\n'],
    ['a 103', 'HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n'],
    ['several', 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n'],
  ])('is skipped when it is %s', async (_name, interim) => {
    const { url, sockets } = await serve((socket) => socket.write(interim + final));
    const client = testClient();
    for (const request of [put(url), { ...put(url), method: 'POST' }]) {
      const { status, body } = await client.send(request);
      expect([status, await text(body)]).toEqual([201, 'ok']);
    }
    expect(sockets.size).toBe(1);
  });

  it('is skipped when it comes in pieces, before the request is sent as a whole', async () => {
    const { url } = await serve(async (socket) => {
      for (const byte of `HTTP/1.1 100 Continue\r\n\r\n${final}`) {
        socket.write(byte);
        await new Promise(setImmediate);
      }
    });
    expect((await testClient().send(put(url))).status).toBe(201);
  });

  it('does not extend the time limit of the response', async () => {
    const { url } = await serve((socket) => {
      const timer = setInterval(() => socket.write('HTTP/1.1 103 Early Hints\r\n\r\n'), 100);
      socket.on('close', () => clearInterval(timer));
    });
    await expect(testClient().send(put(url))).rejects.toMatchObject({ code: 'HEADERS_TIMEOUT' });
  });
});

describe('the time limit of a body', () => {
  it('ends a body that comes byte by byte as that of a silent server', async () => {
    const { url } = await serve((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n');
      const timer = setInterval(() => socket.write('x'), 5);
      socket.on('close', () => clearInterval(timer));
    });
    const { body } = await testClient().send({
      method: 'GET',
      url,
      headers: {},
      timeout: 60_000,
      bodyTime: 50,
    });
    await expect(text(body)).rejects.toMatchObject({ code: 'BODY_TIMEOUT' });
  });

  it('ends a body that is not read, without an unhandled error', async () => {
    const { url } = await serve((socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n'));
    const { body } = await testClient().send({
      method: 'GET',
      url,
      headers: {},
      timeout: 60_000,
      bodyTime: 10,
    });
    await new Promise((resolve) => body.once('close', resolve));
    expect(body.destroyed).toBe(true);
  });

  it('does not apply to the content of a blob, but to a refusal in its place', async () => {
    for (const [status, ends] of [
      [206, false],
      [403, true],
    ] as const) {
      const { url } = await serve((socket) => {
        socket.write(`HTTP/1.1 ${status} x\r\nContent-Length: 20\r\n\r\n`);
        let sent = 0;
        const timer = setInterval(() => {
          sent += 1;
          if (sent <= 20) {
            socket.write('x');
          }
        }, 5);
        socket.on('close', () => clearInterval(timer));
      });
      const request = { method: 'GET', url, headers: {}, timeout: 60_000, bodyTime: 30, isContent: true };
      const read = text((await testClient().send(request)).body);
      await (ends ? expect(read).rejects.toThrow() : expect(read).resolves.toHaveLength(20));
    }
  });
});
