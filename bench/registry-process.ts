// The test registry as a program of its own: prints its address, and ends when its standard input does.
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { mediaTypes } from '../src/oci/media-type.ts';
import { buildImage } from '../test/support/images.ts';
import { startRegistry } from '../test/support/registry.ts';

const { values } = parseArgs({
  options: {
    /** Milliseconds that every answer waits, as on a long line. */
    delay: { type: 'string', default: '0' },
    /** How many versions the repository `tags` has. */
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
              // Asked for anew by every request.
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
