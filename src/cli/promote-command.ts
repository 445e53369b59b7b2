// registry-image promote: plans what promotion manifests ask for, and carries it out when it is confirmed.
import { compilePattern } from '../policy/pattern.ts';
import { promotionsOf } from '../promotion/edges.ts';
import { encodePlan } from '../promotion/plan-file.ts';
import { carryOutPlan, dryRun, makePlan } from '../promotion/promote.ts';
import { promotionCode } from '../promotion/promotion-report.ts';
import { promotionsOfShard } from '../promotion/shard.ts';
import { tagMoveRule } from '../promotion/tag-moves.ts';
import { type CarryOutOptions, carryOutWithProgress, promotionResult } from './carry-out.ts';
import { type CliCommand, withRegistries } from './cli-context.ts';
import { requireAllowed } from './destinations.ts';
import { type ManifestOptions, readNamedManifests } from './manifest-options.ts';
import { shardOf } from './shard-option.ts';
import { writeWholeFile } from './written-file.ts';

interface Options extends CarryOutOptions, ManifestOptions {
  readonly confirm?: boolean;
  readonly out?: string;
  readonly only?: string;
  /** True for all tags, or a pattern. */
  readonly allowTagMoves?: string | true;
  readonly strict?: boolean;
  readonly all?: boolean;
}

/** Exits with 1 when something cannot be done, with 2 when a dry run shows what would be done, else with 0. */
export const runPromote: CliCommand<Options> = async (run) => {
  const { options, surroundings } = run;
  const only = options.only === undefined ? undefined : compilePattern(options.only, '--only');
  const mayMove = tagMoveRule(options.allowTagMoves ?? false, '--allow-tag-moves');
  const shard = shardOf(options.shard, surroundings.environment);
  return await withRegistries(run, async (opened) => {
    const { registries, settings, log } = opened;
    const manifests = await readNamedManifests(options, log);
    const all = promotionsOf(manifests, (name) => only?.matches(name) ?? true);
    requireAllowed(
      all.map(({ destination }) => destination),
      settings,
    );
    const promotions = shard ? promotionsOfShard(all, shard) : all;
    const plan = await makePlan(
      { promotions, mayMove, all: options.all ?? false },
      registries,
      surroundings.signal,
    );
    if (options.out !== undefined) {
      await writeWholeFile(options.out, encodePlan(plan, surroundings.clock.now()));
      log.info(`the plan is saved in ${options.out}`);
    }
    const planned = dryRun(plan);
    const isStopped = options.strict && promotionCode(planned.summary, options.allowLost ?? false) === 1;
    if (options.confirm && isStopped) {
      log.error(
        'nothing was copied, because of --strict: something is lost, may not move, or cannot be read',
      );
    }
    const result =
      options.confirm && !isStopped ? await carryOutWithProgress(plan, carryOutPlan, run, opened) : planned;
    return promotionResult(result, run, opened);
  });
};
