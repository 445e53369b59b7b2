// registry-image audit: what destinations hold beside, or other than, promotion manifests say.
import type { CommandResult } from '../process/surroundings.ts';
import { type AuditResult, auditPromotions } from '../promotion/audit.ts';
import { promotionsOf } from '../promotion/edges.ts';
import { auditPage } from './audit-page.ts';
import { type CliCommand, type RegistryOptions, withRegistries } from './cli-context.ts';
import { type ManifestOptions, manifestsFact, readNamedManifests } from './manifest-options.ts';
import { createReadingProgress } from './promotion-progress.ts';
import { type ReportOptions, requireReportFile, withReport } from './report-file.ts';
import { optionalPattern } from './shared-options.ts';
import { counted, jsonAnswer, tableText } from './table.ts';

interface Options extends RegistryOptions, ManifestOptions, ReportOptions {
  readonly ignore?: string;
}

/** Exits with 1 when a destination cannot be read, with 2 when there are differences, else with 0. */
export const runAudit: CliCommand<Options> = async (run) => {
  const { options, surroundings } = run;
  const ignored = optionalPattern(options.ignore, '--ignore');
  await requireReportFile(options);
  return await withRegistries(run, async ({ registries, log }) => {
    const promotions = promotionsOf(await readNamedManifests(options, log));
    const { signal, every } = surroundings;
    const destinations = promotions.map(({ destination }) => destination);
    const reading = createReadingProgress(destinations, { log, every });
    const result = await auditPromotions(promotions, {
      registries,
      ignored: (place) => ignored?.matches(place) ?? false,
      signal,
      onRead: reading.read,
    }).finally(reading.close);
    const failures = result.failures.map(({ destination, reason }) => ({
      destination,
      reason: surroundings.redact(reason),
    }));
    for (const { destination, reason } of failures) {
      log.error(`${destination} cannot be read: ${reason}`);
    }
    const answer: CommandResult = {
      output: options.json ? jsonAnswer({ ...result, failures }) : auditText(result),
      code: failures.length > 0 ? 1 : result.drift.length > 0 ? 2 : 0,
    };
    return await withReport(answer, run, log, () => auditPage(result, { origin: manifestsFact(options) }));
  });
};

function auditText({ summary, drift, failures }: AuditResult): string {
  const rows = drift.map(({ kind, destination, tag, digest, was }) => [
    kind,
    tag === null ? destination : `${destination}:${tag}`,
    digest,
    was === undefined ? '' : `is on ${was}`,
  ]);
  const { expected, missing, moved, unexpected } = summary;
  const unread =
    failures.length > 0
      ? `, ${counted(failures.length, 'repository', 'repositories')} could not be read`
      : '';
  return `${tableText(['KIND', 'DESTINATION', 'DIGEST', 'REASON'], rows)}${expected} expected: ${missing} missing, ${moved} moved, ${unexpected} unexpected${unread}\n`;
}
