// Cases of manifests and plans: a tree of many digests, a plan from answers in memory, and one that is saved and applied.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Case, Contender } from '../cases.ts';
import { compare } from '../compare.ts';
import { atMost } from '../goals.ts';
import { bunExecutable } from '../measure.ts';
import { ownExecutables } from './copy-tools.ts';
import { startListings } from './listings.ts';
import { fleetImages, fleetSize, plainManifest, writeTree } from './manifest-tree.ts';

/** A large plan takes long, and its memory differs little from run to run. */
const largeRuns = 1;

const longestValidation = 1.5;
const longestPlan = 3;
const mostMemory = 300e6;

/** Cases without registries: `validate`, `snapshot --from-manifests`, and a large plan from answers in memory. */
export async function manifestCases(directory: string, runs: number): Promise<Case[]> {
  const tree = join(directory, 'tree');
  const destination = await writeTree(tree);
  const goals: Case['goals'] = (results) => atMost(results, 'native', 'wall', longestValidation);
  const planning = join(import.meta.dirname, 'plan-in-memory.ts');
  return [
    {
      title: 'validate 20,000 digests in 75 manifests',
      runs,
      contenders: own(['validate', tree]),
      goals,
    },
    {
      title: 'snapshot --from-manifests of the same',
      runs,
      contenders: own(['snapshot', '--from-manifests', destination, '--thin-manifest-dir', tree]),
      goals,
    },
    {
      title: 'plan from answers in memory, 720,720 edges',
      runs,
      contenders: [
        contender('native', [bunExecutable, planning]),
        contender('node', [process.execPath, planning]),
      ],
      goals: (results) =>
        ['native', 'node'].flatMap((name) => [
          ...atMost(results, name, 'wall', longestPlan),
          ...atMost(results, name, 'memory', mostMemory),
        ]),
    },
  ];
}

/** Saves, applies and audits a large plan against registries that list their digests. */
export async function benchLargePlan(directory: string): Promise<void> {
  const manifest = join(directory, 'large.yaml');
  const plan = join(directory, 'plan.json');
  const title = (command: string) =>
    `${command} ${fleetSize.edges * 22} edges in ${fleetSize.images * 22} repositories`;
  const goals: Case['goals'] = (results) =>
    ['native', 'node'].flatMap((name) => atMost(results, name, 'memory', mostMemory));
  await using listings = await startListings();
  const [source = '', ...hosts] = listings.hosts;
  const destinations = hosts.map((host) => `${host}/prod`);
  await writeFile(manifest, plainManifest(`${source}/staging`, destinations, fleetImages()));
  const saving = ['promote', '--manifest', manifest, '--out', plan, '--json'];
  await compare({ title: title('promote --out,'), runs: largeRuns, contenders: own(saving, 2), goals });
  await listings.fill();
  await compare({
    title: title('apply,'),
    runs: largeRuns,
    contenders: own(['apply', plan, '--json']),
    goals,
  });
  await compare({
    title: title('audit,'),
    runs: largeRuns,
    contenders: own(['audit', '--manifest', manifest]),
    goals,
  });
}

function own(args: readonly string[], status = 0): Contender[] {
  return ownExecutables().map(({ name, path }) => contender(name, [path, ...args], status));
}

function contender(name: string, command: readonly string[], status = 0): Contender {
  return { name, prepare: async () => ({ command, input: '/dev/null', environment: {}, status }) };
}
