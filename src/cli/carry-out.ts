// Carries out a plan for a command of registry-image: what travels along, progress on standard error, and the answer.
import type { CommandResult } from '../process/surroundings.ts';
import type { SignDestination } from '../promotion/copy-digest.ts';
import type { PromotionPlan } from '../promotion/plan.ts';
import type { PromoteOptions, PromotionResult } from '../promotion/promote.ts';
import { promotionCode } from '../promotion/promotion-report.ts';
import type { CliRun, OpenedRegistries, RegistryOptions } from './cli-context.ts';
import { promotionAnswer, summaryLine } from './promotion-output.ts';
import { type PromotionAbout, promotionPage } from './promotion-page.ts';
import { createPromotionProgress } from './promotion-progress.ts';
import { type ReportOptions, withReport } from './report-file.ts';
import type { SignOptions } from './sign-options.ts';

/** The options of every command that carries out a plan. */
export interface CarryOutOptions extends RegistryOptions, ReportOptions, SignOptions {
  readonly allowLost?: boolean;
  readonly all?: boolean;
  /** False with --no-referrers. */
  readonly referrers: boolean;
  readonly shard?: string;
}

/** Runs `carryOut` on a plan and logs its progress. */
export async function carryOutWithProgress(
  plan: PromotionPlan,
  carryOut: (plan: PromotionPlan, options: PromoteOptions) => Promise<PromotionResult>,
  { surroundings, options }: CliRun<CarryOutOptions>,
  {
    registries,
    verify,
    sign,
    mayReplace,
    log,
    progress,
  }: OpenedRegistries & {
    readonly sign: SignDestination | undefined;
  } & Pick<PromoteOptions, 'mayReplace'>,
): Promise<PromotionResult> {
  const { signal, every } = surroundings;
  const hosts = createPromotionProgress(plan.edges, { log, every });
  try {
    return await carryOut(plan, {
      registries,
      verify,
      sign,
      mayReplace,
      attachments: options.referrers ? () => true : undefined,
      signal,
      progress,
      on: hosts.content,
      onEdge: hosts.edge,
    });
  } finally {
    hosts.close();
  }
}

/** The answer about a plan, carried out or not. The summary is logged, too, where only scripts read the answer. */
export function promotionResult(
  result: PromotionResult,
  { surroundings, options }: CliRun<CarryOutOptions>,
  { log }: Pick<OpenedRegistries, 'log'>,
): CommandResult {
  if (options.json) {
    log.info(summaryLine(result.summary));
  }
  return {
    output: '',
    parts: promotionAnswer(result, { json: options.json ?? false, redact: surroundings.redact }),
    code: promotionCode(result.summary, options.allowLost ?? false),
  };
}

/** The same, after its page is written where one is asked for. */
export async function promotionReported(
  result: PromotionResult,
  about: PromotionAbout,
  run: CliRun<CarryOutOptions>,
  opened: Pick<OpenedRegistries, 'log'>,
): Promise<CommandResult> {
  const answer = promotionResult(result, run, opened);
  return await withReport(answer, run, opened.log, () => promotionPage(result, about));
}
