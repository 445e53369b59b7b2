// registry-image apply: carries out a saved plan, after it has read every destination again.
import { open } from 'node:fs/promises';
import { UserError } from '../errors.ts';
import { applyPlan } from '../promotion/apply.ts';
import type { PromotionPlan } from '../promotion/plan.ts';
import { type PlanContents, readPlanContents, readPlanEdges } from '../promotion/plan-reader.ts';
import type { PromoteOptions } from '../promotion/promote.ts';
import type { PlannedEdges } from '../promotion/repository-edges.ts';
import { repositoriesOfShard } from '../promotion/shard.ts';
import { type CarryOutOptions, carryOutWithProgress, promotionReported } from './carry-out.ts';
import { type CliCommand, withRegistries } from './cli-context.ts';
import { requireAllowed } from './destinations.ts';
import { requireReportFile, withShardPage } from './report-file.ts';
import { shardFact, shardOf } from './shard-option.ts';
import { signerOf, signerWithFiles } from './sign-options.ts';

/** How much of the file is read at a time, in bytes. */
const pieceSize = 256 * 1024;

/** Exits with 1 when something could not be done, or was set aside by the plan; else with 0. */
export const runApply: CliCommand<CarryOutOptions> = async (given) => {
  const { args, surroundings } = given;
  const [path = ''] = args;
  const shard = shardOf(given.options.shard, surroundings.environment);
  const run = withShardPage(given, shard);
  const { options } = run;
  await requireReportFile(options);
  const openSigner = await signerOf(run);
  await using plan = await openPlan(path);
  return await withRegistries(run, async (opened) => {
    const { settings, log } = opened;
    const { created, total, repositories } = plan.contents;
    log.info(`the plan was made at ${created}`);
    requireAllowed(
      repositories.map(({ destination }) => destination),
      settings,
    );
    const mine = shard && repositoriesOfShard(repositories, shard);
    const edges = await plan.edges((destination) => mine?.has(destination) ?? true);
    // Edges that the plan only counts are in no shard.
    const own = { edges, total: mine ? edges.length : total };
    const all = options.all ?? false;
    const applyAgain = (planned: PromotionPlan, how: PromoteOptions) => applyPlan(planned, { ...how, all });
    const sign = signerWithFiles(openSigner?.(opened.registries), () => path);
    const result = await carryOutWithProgress(own, applyAgain, run, { ...opened, sign });
    const origin = [['Plan', `${path}, made at ${created}`] as const, ...shardFact(shard)];
    return await promotionReported(
      result,
      { title: 'Promotion by a saved plan', mode: 'carried-out', origin, warnings: [] },
      run,
      opened,
    );
  });
};

interface OpenedPlan extends AsyncDisposable {
  readonly contents: PlanContents;
  /** The edges into destinations that are wanted. */
  edges(isWanted: (destination: string) => boolean): Promise<PlannedEdges>;
}

/** Opens a plan, of which only the contents are read: a part of it may be all that is needed. */
async function openPlan(path: string): Promise<OpenedPlan> {
  const attempt = async <Result>(action: () => Promise<Result>): Promise<Result> => {
    try {
      return await action();
    } catch (cause) {
      throw new UserError(`the plan ${JSON.stringify(path)} cannot be carried out`, { cause });
    }
  };
  const file = await attempt(() => open(path));
  const bytes = () => file.createReadStream({ start: 0, autoClose: false, highWaterMark: pieceSize });
  const close = () => file.close();
  try {
    return await attempt(async () => {
      if (!(await file.stat()).isFile()) {
        throw new UserError('it is not a regular file', { hint: 'it is read twice: save it in a file' });
      }
      return {
        contents: await readPlanContents(bytes()),
        edges: (isWanted) => attempt(() => readPlanEdges(bytes(), isWanted)),
        [Symbol.asyncDispose]: close,
      };
    });
  } catch (error) {
    await close();
    throw error;
  }
}
