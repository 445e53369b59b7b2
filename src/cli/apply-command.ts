// registry-image apply: carries out a saved plan, after it has read every destination again.
import { readFile } from 'node:fs/promises';
import { UserError } from '../errors.ts';
import { applyPlan } from '../promotion/apply.ts';
import { decodePlan, type SavedPlan } from '../promotion/plan-file.ts';
import { planOfShard } from '../promotion/shard.ts';
import { type CarryOutOptions, carryOutWithProgress, promotionReported } from './carry-out.ts';
import { type CliCommand, withRegistries } from './cli-context.ts';
import { requireAllowed } from './destinations.ts';
import { requireReportFile } from './report-file.ts';
import { shardFact, shardOf } from './shard-option.ts';

/** Exits with 1 when something could not be done, or was set aside by the plan; else with 0. */
export const runApply: CliCommand<CarryOutOptions> = async (run) => {
  const { args, options, surroundings } = run;
  const [path = ''] = args;
  const shard = shardOf(options.shard, surroundings.environment);
  await requireReportFile(options);
  const saved = await readPlan(path);
  return await withRegistries(run, async (opened) => {
    const { settings, log } = opened;
    log.info(`the plan was made at ${saved.created}`);
    requireAllowed(
      saved.edges.map(({ destination }) => destination),
      settings,
    );
    const plan = shard ? planOfShard(saved, shard) : saved;
    const result = await carryOutWithProgress(plan, applyPlan, run, opened);
    const origin = [['Plan', `${path}, made at ${saved.created}`] as const, ...shardFact(shard)];
    return await promotionReported(
      result,
      { title: 'Promotion by a saved plan', mode: 'carried-out', origin, warnings: [] },
      run,
      opened,
    );
  });
};

async function readPlan(path: string): Promise<SavedPlan> {
  try {
    return decodePlan(await readFile(path));
  } catch (cause) {
    throw new UserError(`the plan ${JSON.stringify(path)} cannot be carried out`, { cause });
  }
}
