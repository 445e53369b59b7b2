// registry-image cleanup: deletes temporary tags of a repository; a dry run unless it is confirmed.
import { UserError } from '../errors.ts';
import { parseRepository, repositoryName } from '../oci/reference.ts';
import { parseDuration } from '../policy/duration.ts';
import { requirePattern } from '../policy/pattern.ts';
import { type CleanupResult, cleanRepository } from '../promotion/repository-cleanup.ts';
import { type CliCommand, type RegistryOptions, withRegistries } from './cli-context.ts';
import { counted, jsonAnswer, tableText } from './table.ts';

interface Options extends RegistryOptions {
  readonly pattern?: string;
  readonly olderThan?: string;
  readonly keep: string;
  readonly timeInTag?: boolean;
  readonly confirm?: boolean;
}

/** Exits with 1 when a tag could not be deleted or read, with 2 when a dry run finds some that are due, else with 0. */
export const runCleanup: CliCommand<Options> = async (run) => {
  const { args, options, surroundings } = run;
  const repository = parseRepository(args[0] ?? '');
  const cleanup = {
    pattern: requirePattern(required(options.pattern, '--pattern'), '--pattern'),
    olderThan: parseDuration(required(options.olderThan, '--older-than'), '--older-than'),
    keep: parseCount(options.keep),
    age: options.timeInTag ? ('tag' as const) : ('created' as const),
    isConfirmed: options.confirm ?? false,
  };
  return await withRegistries(run, async ({ registries, log }) => {
    const session = await (cleanup.isConfirmed
      ? registries.deleter(repository)
      : registries.reader(repository));
    const { summary, tags, isEmpty } = await cleanRepository(session, cleanup, surroundings.clock.now());
    if (isEmpty) {
      log.warn(`${repositoryName(repository)} does not exist, or has no tags`);
    }
    const result = {
      summary,
      tags: tags.map((each) => ({ ...each, reason: surroundings.redact(each.reason) })),
    };
    return {
      output: options.json ? jsonAnswer(result) : cleanupText(result),
      code: summary.kept + summary.failed > 0 ? 1 : summary.due > 0 ? 2 : 0,
    };
  });
};

function required(value: string | undefined, option: string): string {
  if (value === undefined) {
    throw new UserError(`${option} is missing`, {
      hint: 'say which tags may be deleted with --pattern, and from which age on with --older-than',
    });
  }
  return value;
}

function parseCount(text: string): number {
  if (!/^\d{1,9}$/.test(text)) {
    throw new UserError(`--keep ${JSON.stringify(text)} is not a number of tags`);
  }
  return Number(text);
}

function cleanupText({ summary, tags }: Pick<CleanupResult, 'summary' | 'tags'>): string {
  const rows = tags.map(({ outcome, tag, time, digest, reason }) => [
    outcome,
    tag,
    time ?? '',
    digest,
    reason,
  ]);
  const { matching, ...counts } = summary;
  const parts = Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([name, count]) => `${count} ${name}`);
  const table = tableText(['OUTCOME', 'TAG', 'TIME', 'DIGEST', 'REASON'], rows);
  return `${table}${counted(matching, 'matching tag')}: ${parts.join(', ') || 'none is due'}\n`;
}
