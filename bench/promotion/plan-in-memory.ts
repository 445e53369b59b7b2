// Plans a large promotion from answers in memory, as a process of its own: prints how many edges there are, and the time.
import { promotionsOf } from '../../src/promotion/edges.ts';
import { planPromotion } from '../../src/promotion/plan.ts';
import { fleetImages } from './manifest-tree.ts';

const registry = (name: string) => ({ name, file: 'generated', line: 1 });
const destinations = Array.from({ length: 22 }, (_, host) => registry(`host-${host}.example.com/prod`));
const images = fleetImages().map(({ name, digests }) => ({
  name,
  digests: digests.map((each) => ({ ...each, file: 'generated', line: 1 })),
}));
const manifest = {
  file: 'generated',
  source: registry('registry.example.com/staging'),
  destinations,
  images,
};
const { signal } = new AbortController();

const start = performance.now();
const plan = await planPromotion(promotionsOf([manifest]), {
  inventory: {
    destination: async () => ({ tag: () => undefined, has: () => false }),
    source: async (_, digests) => new Map(digests.map((digest) => [digest, 'present' as const])),
  },
  mayMove: () => false,
  all: false,
  signal,
});
const seconds = (performance.now() - start) / 1000;
let kept = 0;
for (const _ of plan.edges) {
  kept++;
}
process.stdout.write(`${plan.total} edges, ${kept} to do, ${seconds.toFixed(2)} s\n`);
