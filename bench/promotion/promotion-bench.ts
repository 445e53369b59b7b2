// The cases of promotion: copies of one image, manifests and plans, and a fleet of slow registries.
import { compare } from '../compare.ts';
import { ownExecutables } from '../contenders.ts';
import { startBenchRegistry } from '../registry.ts';
import type { Outcome } from '../report.ts';
import { copyCases } from './copy-cases.ts';
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
export async function benchPromotion(bench: PromotionBench): Promise<Outcome[]> {
  const { directory, runs, divisor } = bench;
  const outcomes = await benchCopies(bench);
  for (const each of await manifestCases(directory, runs)) {
    outcomes.push(await compare(each));
  }
  outcomes.push(...(await benchLargePlan(directory)));
  outcomes.push(await benchFleet(directory, ownExecutables(), Math.ceil(fleetImages / divisor)));
  return outcomes;
}

async function benchCopies({ directory, runs, divisor }: PromotionBench): Promise<Outcome[]> {
  await using registries = new AsyncDisposableStack();
  const source = registries.use(await startBenchRegistry());
  const others: string[] = [];
  while (others.length < destinations) {
    others.push(registries.use(await startBenchRegistry()).host);
  }
  const image = await pushOpaqueImage(directory, source.url, divisor);
  const outcomes: Outcome[] = [];
  for (const each of copyCases({ directory, source: source.host, others, image, runs })) {
    outcomes.push(await compare(each));
  }
  return outcomes;
}
