// The budget of a host, and giving up on a host that is down.
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { createHostBudget } from '../../src/access/host-budget.ts';
import { withHostCircuit } from '../../src/access/host-circuit.ts';
import type { HttpClient, HttpResponse } from '../../src/transport/http-client.ts';
import { createFakeClock } from '../support/fake-clock.ts';

const request = {
  method: 'GET',
  url: 'https://registry.example.com/v2/',
  headers: {},
  timeout: 1000,
} as const;

function response(status: number): HttpResponse {
  return { status, headers: {}, url: request.url, body: Readable.from([]) } as unknown as HttpResponse;
}

/** A client whose requests end when the test says so. */
function heldClient() {
  const held: ((status: number) => void)[] = [];
  const client: HttpClient = {
    send: () => new Promise((resolve) => held.push((status) => resolve(response(status)))),
    close: async () => {},
  };
  return { client, held };
}

/** Lets everything happen that needs no other event. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

describe('the budget of a host', () => {
  it('keeps to its concurrency, lowers it after a 429 and raises it again one by one', async () => {
    const clock = createFakeClock();
    const { client, held } = heldClient();
    const budgeted = createHostBudget({ maxConcurrent: 4 }, clock)(client);
    const all = Array.from({ length: 40 }, () => budgeted.send(request));
    await settle();
    expect(held).toHaveLength(4);
    held.shift()?.(429);
    await settle();
    // One is free, but only two may run now.
    expect(held).toHaveLength(3);
    held.shift()?.(200);
    await settle();
    expect(held).toHaveLength(2);
    let most = 0;
    for (let left = held.shift(); left; left = held.shift()) {
      left(200);
      await settle();
      most = Math.max(most, held.length);
    }
    expect(most).toBe(4);
    expect(
      (await Promise.all(all)).map(({ status }) => status).filter((status) => status === 200),
    ).toHaveLength(39);
  });

  it('spaces requests by its rate, and by a lower one after a 429', async () => {
    const clock = createFakeClock();
    const started = clock.now();
    const statuses = [200, 200, 429, 200, 200];
    const times: number[] = [];
    const client: HttpClient = {
      async send() {
        times.push(clock.now() - started);
        return response(statuses[times.length - 1] ?? 200);
      },
      close: async () => {},
    };
    const budgeted = createHostBudget({ maxRequestsPerSecond: 10 }, clock)(client);
    for (const _ of statuses) {
      await budgeted.send(request);
    }
    const pauses = times.slice(1).map((time, position) => time - (times[position] ?? 0));
    expect(pauses.slice(0, 3)).toEqual([100, 100, 100]);
    expect(pauses[3]).toBeGreaterThan(130);
  });

  it('does not take a place for a request that was aborted while it waited', async () => {
    const clock = createFakeClock('manual');
    const { client, held } = heldClient();
    const budgeted = createHostBudget({ maxConcurrent: 1, maxRequestsPerSecond: 1 }, clock)(client);
    const first = budgeted.send(request);
    await settle();
    held.shift()?.(200);
    await first;
    const controller = new AbortController();
    const second = budgeted.send({ ...request, signal: controller.signal });
    await clock.untilSleeping(1);
    controller.abort(new Error('stopped'));
    await expect(second).rejects.toThrow('stopped');
    const third = budgeted.send(request);
    await clock.untilSleeping(1);
    clock.advance(5000);
    await settle();
    held.shift()?.(200);
    expect((await third).status).toBe(200);
  });
});

describe('a host that is down', () => {
  function failing() {
    const clock = createFakeClock('manual');
    let behaviour = (): HttpResponse => {
      throw Object.assign(new Error('connection reset'), { code: 'ECONNRESET' });
    };
    let sent = 0;
    const client: HttpClient = {
      async send() {
        sent++;
        return behaviour();
      },
      close: async () => {},
    };
    return {
      clock,
      circuit: withHostCircuit(client, clock),
      sent: () => sent,
      behave(next: () => HttpResponse) {
        behaviour = next;
      },
    };
  }

  it('is asked as usual for a minute, then once each ten seconds, and again as usual when it is back', async () => {
    const { clock, circuit, sent, behave } = failing();
    for (let second = 0; second < 60; second += 20) {
      await expect(circuit.send(request)).rejects.toThrow('connection reset');
      clock.advance(20_000);
    }
    expect(sent()).toBe(3);
    await expect(circuit.send(request)).rejects.toThrow('connection reset');
    await expect(circuit.send(request)).rejects.toThrow(
      'every request to this host has failed for 60 seconds, the first with: connection reset',
    );
    expect(sent()).toBe(4);
    clock.advance(10_000);
    behave(() => response(200));
    expect((await circuit.send(request)).status).toBe(200);
    expect((await circuit.send(request)).status).toBe(200);
  });

  it('is one that answers with 5xx only; a 404 or a 429 shows that it is up', async () => {
    const { clock, circuit, behave } = failing();
    behave(() => response(503));
    await circuit.send(request);
    clock.advance(50_000);
    behave(() => response(429));
    await circuit.send(request);
    clock.advance(50_000);
    behave(() => response(503));
    expect((await circuit.send(request)).status).toBe(503);
    expect((await circuit.send(request)).status).toBe(503);
  });
});
