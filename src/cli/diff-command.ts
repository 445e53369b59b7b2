// registry-image diff: what changes between two states of promotion manifests, without any request.
import type { CommandResult } from '../process/surroundings.ts';
import {
  diffExitCode,
  diffManifests,
  isForbidden,
  type ManifestDiff,
  parseForbiddenChanges,
} from '../promotion/manifest-diff.ts';
import { locateManifests } from '../promotion/read-manifests.ts';
import { type AnswerOptions, type CliCommand, openLog } from './cli-context.ts';
import { diffPage } from './diff-page.ts';
import { readLocatedManifests } from './manifest-options.ts';
import { type ReportOptions, requireReportFile, withReport } from './report-file.ts';
import { counted, jsonAnswer, tableText } from './table.ts';

interface Options extends AnswerOptions, ReportOptions {
  readonly forbid?: string;
}

/** Exits with 1 when a forbidden change is among the differences, with 2 for any other difference, else with 0. */
export const runDiff: CliCommand<Options> = async (run) => {
  const { args, options } = run;
  const forbidden = options.forbid === undefined ? new Set<never>() : parseForbiddenChanges(options.forbid);
  await requireReportFile(options);
  const { log } = openLog(run);
  const [before, after] = [
    await readLocatedManifests(await locateManifests(args[0] ?? ''), log),
    await readLocatedManifests(await locateManifests(args[1] ?? ''), log),
  ];
  const diff = diffManifests(before, after);
  const result: CommandResult = {
    output: options.json ? jsonAnswer(diffDocument(diff)) : diffText(diff),
    code: diffExitCode(diff, forbidden),
  };
  const refused = diff.changes.filter((change) => isForbidden(change, forbidden));
  if (refused.length > 0) {
    log.error(`--forbid ${options.forbid} does not allow ${counted(refused.length, 'change')}`);
  }
  const [old = '', now = ''] = args;
  const origin = [['Before', old] as const, ['After', now] as const];
  return await withReport(result, run, log, () => diffPage(diff, { forbidden, origin }));
};

function diffDocument({ changes, ...diff }: ManifestDiff) {
  const listed = changes.map(({ isStillPromoted, ...change }) =>
    isStillPromoted ? { ...change, still_promoted: true } : change,
  );
  return { summary: diff.summary, changes: listed, destinations: diff.destinations, sources: diff.sources };
}

function diffText({ summary, changes, sources, destinations }: ManifestDiff): string {
  const registries = [
    ...sources.map((change) => ({ ...change, what: 'source' })),
    ...destinations.map((change) => ({ ...change, what: 'destination' })),
  ];
  const registryRows = registries.map(({ kind, what, registry, manifest }) => [
    `${kind} ${what}`,
    registry,
    '',
    manifest,
    '',
  ]);
  const rows = changes.map(({ kind, name, tag, digest, manifest, was }) => [
    kind,
    tag === null ? name : `${name}:${tag}`,
    digest,
    manifest,
    was === null ? '' : `was on ${was}`,
  ]);
  const { added, removed, moved } = summary;
  const registryCount = registries.length > 0 ? `, ${registries.length} registries new or gone` : '';
  const table = tableText(['KIND', 'NAME', 'DIGEST', 'MANIFEST', 'REASON'], [...registryRows, ...rows]);
  return `${table}${added} added, ${removed} removed, ${moved} moved${registryCount}\n`;
}
