// Runs the test registry as a process: it prints its address, and ends when its standard input does.
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { mediaTypes } from '../src/oci/media-type.ts';
import { serverKeys } from '../test/support/certificates.ts';
import { buildImage, buildIndex, seed } from '../test/support/images.ts';
import { file } from '../test/support/layers.ts';
import { startRegistry } from '../test/support/registry.ts';

const { values } = parseArgs({
  options: {
    /** The latency of every response in milliseconds. */
    delay: { type: 'string', default: '0' },
    /** The number of versions in the repository `tags`. */
    tags: { type: 'string', default: '0' },
    /** The number of images in the index `index:latest`. */
    children: { type: 'string', default: '0' },
    /** Whether it is reached over TLS, with a certificate of the test authority. */
    tls: { type: 'boolean', default: false },
  },
});
const delay = Number(values.delay);
const faults = delay === 0 ? [] : [{ fault: () => ({ kind: 'hold' as const, until: sleep(delay) }) }];
const registry = await startRegistry({ faults, ...(values.tls ? { tls: serverKeys.trusted } : {}) });
for (let number = 0; number < Number(values.tags); number++) {
  const { bytes } = await buildImage({ annotations: { number: String(number) } });
  registry.putManifest('tags', `1.${number}.0`, mediaTypes.ociManifest, bytes);
}
if (Number(values.children) > 0) {
  const children = await Promise.all(
    Array.from({ length: Number(values.children) }, (_, number) =>
      buildImage({ layers: [[file(`first of ${number}`)], [file(`second of ${number}`)]] }),
    ),
  );
  seed(registry, 'index', 'latest', buildIndex(children));
}
process.stdout.write(`${registry.host}\n`);
process.stdin.on('end', () => process.exit(0)).resume();
