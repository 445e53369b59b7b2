// Runs a proxy before a registry as a process, which fails some requests; it prints its address and, at its end, counts.
import type { IncomingHttpHeaders } from 'node:http';
import { parseArgs } from 'node:util';
import { plainRequest } from '../test/support/plain-client.ts';
import { startRecordingServer } from '../test/support/recording-server.ts';
import { numbersFrom } from './layer-content.ts';
import { randomFaults } from './random-faults.ts';

const { values } = parseArgs({
  options: {
    /** The URL of the registry. */
    registry: { type: 'string', default: '' },
    /** The share of requests that fail, from 0 to 1. */
    faults: { type: 'string', default: '0.05' },
    seed: { type: 'string', default: '1' },
  },
});
const choose = randomFaults(Number(values.faults), numbersFrom(Number(values.seed)));
let faults = 0;
const proxy = await startRecordingServer({
  faults: [
    {
      fault: (request) => {
        const fault = choose(request);
        faults += fault ? 1 : 0;
        return fault;
      },
    },
  ],
  answer: async ({ method, path, query, headers, body }) => {
    const search = query.size === 0 ? '' : `?${query}`;
    const target = `${values.registry}${path}${search}`;
    const reply = await plainRequest(target, { method, headers: singleValues(headers), body });
    return { status: reply.status, headers: singleValues(reply.headers), body: reply.body };
  },
});
process.stdout.write(`${proxy.host}\n`);
process.stdin
  .on('end', () => {
    process.stdout.write(`${JSON.stringify({ requests: proxy.journal.requests.length, faults })}\n`, () =>
      process.exit(0),
    );
  })
  .resume();

function singleValues(headers: IncomingHttpHeaders): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
}
