// The cases of promotion: copies of one image, manifests and plans, and a fleet of slow registries.
import { compare } from '../compare.ts';
import { startBenchRegistry } from '../registry.ts';
import { copyCases } from './copy-cases.ts';
import { ownExecutables } from './copy-tools.ts';
import { benchFleet } from './fleet-case.ts';
import { benchLargePlan, manifestCases } from './manifest-cases.ts';
import { pushOpaqueImage } from './opaque-image.ts';

/** How the cases are run. */
export interface PromotionBench {
  readonly directory: string;
  readonly runs: number;
  /** The image of the copies is divided by this. */
  readonly divisor: number;
}

/** How many images are promoted to all registries of the fleet. */
const fleetImages = 100;

/** How many registries a copy goes to at once. */
const destinations = 5;

/** Measures all cases of promotion. */
export async function benchPromotion(bench: PromotionBench): Promise<void> {
  const { directory, runs, divisor } = bench;
  await benchCopies(bench);
  for (const each of await manifestCases(directory, runs)) {
    await compare(each);
  }
  await benchLargePlan(directory);
  await benchFleet(directory, ownExecutables(), Math.ceil(fleetImages / divisor));
}

async function benchCopies({ directory, runs, divisor }: PromotionBench): Promise<void> {
  await using registries = new AsyncDisposableStack();
  const source = registries.use(await startBenchRegistry());
  const others: string[] = [];
  while (others.length < destinations) {
    others.push(registries.use(await startBenchRegistry()).host);
  }
  const image = await pushOpaqueImage(directory, `http://${source.host}`, divisor);
  for (const each of copyCases({ directory, source: source.host, others, image, runs })) {
    await compare(each);
  }
}
