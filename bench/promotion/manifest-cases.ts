// Cases of manifests and plans: a tree of many digests, a plan from answers in memory, and one that is saved and applied.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Case, Contender } from '../case.ts';
import { compare } from '../compare.ts';
import { ownExecutables } from '../contenders.ts';
import type { Goal } from '../goals.ts';
import { bunExecutable } from '../measure.ts';
import type { Outcome } from '../report.ts';
import { startListings } from './listings.ts';
import { fleetImages, fleetSize, plainManifest, writeTree } from './manifest-tree.ts';

/** A large plan takes long, and differs little from run to run. */
const largeRuns = { least: 1, warmUp: false };

const longestValidation = 1.5;
const longestPlan = 3;
const mostMemory = 300e6;

/** Cases without registries: `validate`, `snapshot --from-manifests`, and a large plan from answers in memory. */
export async function manifestCases(directory: string, runs: number): Promise<Case[]> {
  const tree = join(directory, 'tree');
  const destination = await writeTree(tree);
  const goals: readonly Goal[] = [
    { kind: 'value', own: 'native', figure: 'wall', bound: { atMost: longestValidation } },
  ];
  const planning = join(import.meta.dirname, 'plan-in-memory.ts');
  return [
    {
      title: 'validate 20,000 digests in 75 manifests',
      runs: { least: runs },
      contenders: own(['validate', tree]),
      goals,
    },
    {
      title: 'snapshot --from-manifests of the same',
      runs: { least: runs },
      contenders: own(['snapshot', '--from-manifests', destination, '--thin-manifest-dir', tree]),
      goals,
    },
    {
      title: 'plan from answers in memory, 720,720 edges',
      runs: { least: runs },
      contenders: [
        contender('native', [bunExecutable, planning]),
        contender('Node', [process.execPath, planning]),
      ],
      goals: (['native', 'Node'] as const).flatMap((own): Goal[] => [
        { kind: 'value', own, figure: 'wall', bound: { atMost: longestPlan } },
        { kind: 'value', own, figure: 'memory', bound: { atMost: mostMemory } },
      ]),
    },
  ];
}

/** Saves, applies and audits a large plan against registries that list their digests. */
export async function benchLargePlan(directory: string): Promise<Outcome[]> {
  const manifest = join(directory, 'large.yaml');
  const plan = join(directory, 'plan.json');
  const title = (command: string) =>
    `${command} ${fleetSize.edges * 22} edges in ${fleetSize.images * 22} repositories`;
  const goals = (['native', 'Node'] as const).map(
    (each): Goal => ({ kind: 'value', own: each, figure: 'memory', bound: { atMost: mostMemory } }),
  );
  await using listings = await startListings();
  const [source = '', ...hosts] = listings.hosts;
  const destinations = hosts.map((host) => `${host}/prod`);
  await writeFile(manifest, plainManifest(`${source}/staging`, destinations, fleetImages()));
  const saving = ['promote', '--manifest', manifest, '--out', plan, '--json'];
  const measured = (command: string, args: readonly string[], status?: number) =>
    compare({ title: title(command), runs: largeRuns, contenders: own(args, status), goals });
  const saved = await measured('promote --out,', saving, 2);
  await listings.fill();
  return [
    saved,
    await measured('apply,', ['apply', plan, '--json']),
    await measured('audit,', ['audit', '--manifest', manifest]),
  ];
}

function own(args: readonly string[], status = 0): Contender[] {
  return ownExecutables().map(({ name, path }) => contender(name, [path, ...args], status));
}

function contender(name: string, command: readonly string[], status = 0): Contender {
  return { name, prepare: async () => ({ command, input: '/dev/null', environment: {}, status }) };
}
