// Plans promotions for a command of registry-image, and carries the plan out when it is confirmed.
import type { CommandResult } from '../process/surroundings.ts';
import type { ManifestEdge, RepositoryPromotion } from '../promotion/edges.ts';
import { encodePlan } from '../promotion/plan-file.ts';
import { carryOutPlan, dryRun, makePlan, type PlanRequest, withSetAside } from '../promotion/promote.ts';
import { promotionCode, type ReportedEdge } from '../promotion/promotion-report.ts';
import { promotionsOfShard, type Shard } from '../promotion/shard.ts';
import { tagMoveRule } from '../promotion/tag-moves.ts';
import { type CarryOutOptions, carryOutWithProgress, promotionResult } from './carry-out.ts';
import type { CliRun, OpenedRegistries } from './cli-context.ts';
import { requireAllowed } from './destinations.ts';
import { createReadingProgress } from './promotion-progress.ts';
import { shardOf } from './shard-option.ts';
import { optionalPattern } from './shared-options.ts';
import { writeWholeFile } from './written-file.ts';

/** The options of every command that plans promotions. */
export interface PlanningOptions extends CarryOutOptions {
  readonly confirm?: boolean;
  readonly out?: string;
  /** True for all tags, or a pattern. */
  readonly allowTagMoves?: string | true;
  readonly strict?: boolean;
  readonly all?: boolean;
}

/** What the options say about a plan. */
export interface PlanningRules {
  readonly shard: Shard | undefined;
  mayMove(edge: ManifestEdge): boolean;
}

/** What is promoted. */
export interface WantedPromotions extends Pick<PlanRequest, 'isAtSource'> {
  readonly promotions: readonly RepositoryPromotion[];
  /** What could not be planned, and why. */
  readonly setAside: readonly ReportedEdge[];
}

/** Reads the options about a plan. Throws a UserError for a malformed one. */
export function planningRules({ options, surroundings }: CliRun<PlanningOptions>): PlanningRules {
  return {
    mayMove: moveRule(options.allowTagMoves),
    shard: shardOf(options.shard, surroundings.environment),
  };
}

function moveRule(allowed: PlanningOptions['allowTagMoves']): PlanningRules['mayMove'] {
  const pattern = allowed === true ? undefined : optionalPattern(allowed, '--allow-tag-moves');
  return tagMoveRule(pattern ?? allowed === true);
}

/** Exits with 1 when something cannot be done, with 2 when a dry run shows what would be done, else with 0. */
export async function planAndPromote(
  { promotions: all, setAside, isAtSource }: WantedPromotions,
  { shard, mayMove }: PlanningRules,
  run: CliRun<PlanningOptions>,
  opened: OpenedRegistries,
): Promise<CommandResult> {
  const { options, surroundings } = run;
  const { registries, settings, log } = opened;
  requireAllowed(destinationsOf(all), settings);
  const promotions = shard ? promotionsOfShard(all, shard) : all;
  const { signal, every } = surroundings;
  const request = { promotions, mayMove, isAtSource, all: options.all ?? false };
  const reading = createReadingProgress(destinationsOf(promotions), { log, every });
  const plan = await makePlan(request, registries, signal, reading.read).finally(reading.close);
  if (options.out !== undefined) {
    await writeWholeFile(options.out, encodePlan(plan, surroundings.clock.now(), surroundings.redact));
    log.info(`the plan is saved in ${options.out}`);
  }
  const planned = withSetAside(dryRun(plan), setAside);
  const isStopped = options.strict && promotionCode(planned.summary, options.allowLost ?? false) === 1;
  if (options.confirm && isStopped) {
    log.error('nothing was copied, because of --strict: something is lost, may not move, or cannot be read');
  }
  const result =
    options.confirm && !isStopped
      ? withSetAside(await carryOutWithProgress(plan, carryOutPlan, run, opened), setAside)
      : planned;
  return promotionResult(result, run, opened);
}

function destinationsOf(promotions: readonly RepositoryPromotion[]): string[] {
  return promotions.map(({ destination }) => destination);
}
