// Runs a fleet of registries as a process: each far away, and limited in its requests a second. It prints their hosts
// and the images of the source and, when its standard input ends, what each was asked.
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { buildImage, seed } from '../../test/support/images.ts';
import { file } from '../../test/support/layers.ts';
import { startRegistry } from '../../test/support/registry.ts';
import type { GeneratedImage } from './manifest-tree.ts';

const { values } = parseArgs({
  options: {
    hosts: { type: 'string', default: '22' },
    images: { type: 'string', default: '100' },
    /** The latency of every response in milliseconds. */
    delay: { type: 'string', default: '20' },
    /** Requests a second; what exceeds them is answered with 429. */
    rate: { type: 'string', default: '50' },
    /** The rate of every fifth host, which admits less than its clients know. */
    lower: { type: 'string', default: '40' },
  },
});

/** The hosts of the fleet, and what its source has. */
export interface Fleet {
  readonly source: string;
  readonly hosts: readonly string[];
  readonly images: readonly GeneratedImage[];
}

/** What a host was asked. */
export interface HostReport {
  /** The requests a second that it admits. */
  readonly rate: number;
  readonly admitted: number;
  readonly refused: number;
  /** From its first to its last request, in seconds. */
  readonly seconds: number;
  /** How many images it has. */
  readonly images: number;
}

const hostCount = Number(values.hosts);
const imageCount = Number(values.images);

const source = await startRegistry({ faults: [{ fault: held }] });
const images: GeneratedImage[] = [];
for (let number = 0; number < imageCount; number++) {
  const layers = [[file(`first of ${number}`)], [file(`second of ${number}`)]];
  const image = await buildImage({ layers });
  const name = `app-${number}`;
  seed(source, `staging/${name}`, '1.0', image);
  images.push({ name, digests: [{ digest: image.digest, tags: ['1.0'] }] });
}
const hosts = await Promise.all(Array.from({ length: hostCount }, (_, number) => startHost(number)));
const fleet: Fleet = { source: source.host, hosts: hosts.map(({ registry }) => registry.host), images };
process.stdout.write(`${JSON.stringify(fleet)}\n`);
process.stdin
  .on('end', () => {
    const reports = hosts.map(({ report }) => report());
    process.stdout.write(`${JSON.stringify(reports)}\n`, () => process.exit(0));
  })
  .resume();

function held() {
  return { kind: 'hold' as const, until: sleep(Number(values.delay)) };
}

/** A bucket of tokens that holds those of a second. Of the hosts that admit less, every other one says when to come again. */
async function startHost(number: number) {
  const isLower = number % 5 === 4;
  const rate = Number(isLower ? values.lower : values.rate);
  const next = {
    kind: 'status',
    status: 429,
    headers: number % 10 === 4 ? { 'retry-after': '1' } : {},
  } as const;
  const times: number[] = [];
  let tokens = rate;
  let refused = 0;
  const registry = await startRegistry({
    faults: [
      {
        fault() {
          const now = performance.now();
          tokens = Math.min(rate, tokens + ((now - (times.at(-1) ?? now)) * rate) / 1000);
          times.push(now);
          if (tokens < 1) {
            refused++;
            return { ...held(), next };
          }
          tokens--;
          return held();
        },
      },
    ],
  });
  const report = (): HostReport => ({
    rate,
    admitted: times.length - refused,
    refused,
    seconds: ((times.at(-1) ?? 0) - (times[0] ?? 0)) / 1000,
    images: Array.from(
      { length: imageCount },
      (_, image) => registry.tags(`prod/app-${image}`).length,
    ).reduce((sum, count) => sum + count, 0),
  });
  return { registry, report };
}
