// Plans promotions for a command of registry-image, and carries the plan out when it is confirmed.
import { relative, resolve, sep } from 'node:path';
import { UserError } from '../errors.ts';
import type { CommandResult } from '../process/surroundings.ts';
import type { RepositoryPromotion } from '../promotion/edges.ts';
import { encodePlan } from '../promotion/plan-file.ts';
import { carryOutPlan, dryRun, makePlan, type PlanRequest, withSetAside } from '../promotion/promote.ts';
import { fileOf } from '../promotion/promotion-record.ts';
import { promotionCode, type ReportedEdge } from '../promotion/promotion-report.ts';
import { listOfShard, promotionsOfShard, type Shard } from '../promotion/shard.ts';
import { attachedMoveRule, type MovingTag, tagMoveRule } from '../promotion/tag-moves.ts';
import { type CarryOutOptions, carryOutWithProgress, promotionReported } from './carry-out.ts';
import type { CliRun, OpenedRegistries } from './cli-context.ts';
import { requireAllowed } from './destinations.ts';
import type { PromotionAbout } from './promotion-page.ts';
import { createReadingProgress } from './promotion-progress.ts';
import { requireReportFile, withShardPage } from './report-file.ts';
import { shardFact, shardOf } from './shard-option.ts';
import { optionalPattern } from './shared-options.ts';
import { type OpenSigner, signerOf, signerWithFiles } from './sign-options.ts';
import { requireWritable, writeWholeFile } from './written-file.ts';

/** The options of every command that plans promotions. */
export interface PlanningOptions extends CarryOutOptions {
  readonly confirm?: boolean;
  readonly out?: string;
  /** True for all tags, or a pattern. */
  readonly allowTagMoves?: string | true;
  readonly strict?: boolean;
}

/** What the options say about a plan. */
export interface PlanningRules {
  readonly shard: Shard | undefined;
  mayMove(tag: MovingTag): boolean;
  /** Signs what is promoted; undefined where nobody signs. */
  readonly sign: OpenSigner | undefined;
}

/** What is promoted. */
export interface WantedPromotions extends Pick<PlanRequest, 'isAtSource'> {
  readonly promotions: readonly RepositoryPromotion[];
  /** What could not be planned, and why. */
  readonly setAside: readonly ReportedEdge[];
  /** All destinations by which shards are made, where more is named than is promoted. */
  readonly destinations?: readonly string[];
  /** Where they come from, and what of it is not done, for a report page. */
  readonly about: Omit<PromotionAbout, 'mode'>;
}

/** A file or a directory that a command reads, by its option; undefined when it has none. */
type ReadFile = readonly [what: string, path: string | undefined];

/**
 * Reads the options about a plan. Throws a UserError for a malformed one, and for a file that cannot be written or is one of
 * those that are `read`.
 */
export async function planningRules(
  run: CliRun<PlanningOptions>,
  read: readonly ReadFile[],
): Promise<PlanningRules> {
  const { surroundings } = run;
  const shard = shardOf(run.options.shard, surroundings.environment);
  const { options } = withShardPage(run, shard);
  const { out, report } = options;
  const files = [...read, ['--config', options.config], ['--sign-key', options.signKey]] as const;
  for (const [what, path] of [['--report', report] as const, ...files]) {
    if (out !== undefined && path !== undefined) {
      requireElsewhere(out, what, path);
    }
  }
  await requireReportFile(options);
  if (out !== undefined) {
    await requireWritable(out, `--out ${JSON.stringify(out)}`);
  }
  return {
    sign: await signerOf(run),
    mayMove: moveRule(options.allowTagMoves),
    shard,
  };
}

function requireElsewhere(out: string, what: string, path: string): void {
  const below = relative(resolve(path), resolve(out));
  if (below === '') {
    throw new UserError(`--out and ${what} are the same file`, { hint: 'name two files' });
  }
  if (below.split(sep)[0] !== '..') {
    throw new UserError(`--out is in the directory of ${what}`, {
      hint: 'name a file elsewhere: what is in this directory is read as manifests',
    });
  }
}

function moveRule(allowed: PlanningOptions['allowTagMoves']): PlanningRules['mayMove'] {
  const pattern = allowed === true ? undefined : optionalPattern(allowed, '--allow-tag-moves');
  return tagMoveRule(pattern ?? allowed === true);
}

/** Exits with 1 when something cannot be done, with 2 when a dry run shows what would be done, else with 0. */
export async function planAndPromote(
  wanted: WantedPromotions,
  { shard, mayMove, sign }: PlanningRules,
  run: CliRun<PlanningOptions>,
  opened: OpenedRegistries,
): Promise<CommandResult> {
  const { options, surroundings } = run;
  const { registries, settings, log } = opened;
  const { isAtSource, about } = wanted;
  requireAllowed(destinationsOf(wanted.promotions), settings);
  const { promotions, setAside } = shard ? partOf(wanted, shard) : wanted;
  const { signal, every } = surroundings;
  const mayReplace = attachedMoveRule(promotions, mayMove);
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
  const mode = !options.confirm ? 'dry-run' : isStopped ? 'stopped' : 'carried-out';
  const result =
    mode === 'carried-out'
      ? withSetAside(
          await carryOutWithProgress(plan, carryOutPlan, run, {
            ...opened,
            sign: signerWithFiles(sign?.(registries), (promotion, digest) =>
              fileOf(promotions, promotion, digest),
            ),
            mayReplace,
          }),
          setAside,
        )
      : planned;
  const origin = [...about.origin, ...shardFact(shard)];
  return await promotionReported(result, { ...about, mode, origin }, withShardPage(run, shard), opened);
}

/** What one shard has of it. */
function partOf(
  { promotions, setAside, destinations }: WantedPromotions,
  shard: Shard,
): Pick<WantedPromotions, 'promotions' | 'setAside'> {
  if (!destinations) {
    return { promotions: promotionsOfShard(promotions, shard), setAside };
  }
  const own = listOfShard(destinations, shard);
  return { promotions: own(promotions), setAside: own(setAside) };
}

function destinationsOf(promotions: readonly RepositoryPromotion[]): string[] {
  return promotions.map(({ destination }) => destination);
}
