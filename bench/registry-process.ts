// Runs the test registry as a process: it prints its address, and ends when its standard input does.
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { mediaTypes } from '../src/oci/media-type.ts';
import { buildImage } from '../test/support/images.ts';
import { startRegistry } from '../test/support/registry.ts';

const { values } = parseArgs({
  options: {
    /** The latency of every response in milliseconds. */
    delay: { type: 'string', default: '0' },
    /** The number of versions in the repository `tags`. */
    tags: { type: 'string', default: '0' },
  },
});
const delay = Number(values.delay);
const registry = await startRegistry(
  delay === 0
    ? {}
    : {
        faults: [
          {
            fault: {
              kind: 'hold',
              // Evaluated for every request.
              get until() {
                return sleep(delay);
              },
            },
          },
        ],
      },
);
for (let number = 0; number < Number(values.tags); number++) {
  const { bytes } = await buildImage({ annotations: { number: String(number) } });
  registry.putManifest('tags', `1.${number}.0`, mediaTypes.ociManifest, bytes);
}
process.stdout.write(`${registry.host}\n`);
process.stdin.on('end', () => process.exit(0)).resume();
