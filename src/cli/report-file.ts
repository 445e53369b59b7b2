// The option --report: named after the shard, refused before any request where the file cannot be written, and written when there is a result.
import { join, parse } from 'node:path';
import { errorText, UserError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { CommandResult } from '../process/surroundings.ts';
import type { Shard } from '../promotion/shard.ts';
import { version } from '../version.ts';
import type { CliRun } from './cli-context.ts';
import { reportHtml } from './report-html.ts';
import type { ReportPage } from './report-page.ts';
import { requireWritable, writeWholeFile } from './written-file.ts';

/** The option of a command that can write a report page. */
export interface ReportOptions {
  readonly report?: string;
}

/** What a command knows of its page; when it was made, and how it ended, is added. */
export type PageContent = Omit<ReportPage, 'facts'> & { readonly about: ReportPage['facts'] };

const exitMeanings = {
  0: 'done, or nothing to do',
  1: 'something could not be done, or is forbidden',
  2: 'differences, or changes pending',
};

/**
 * A run whose page is named after its shard, `report-0-of-3.html` for `report.html`: the tasks of a promotion have the same
 * arguments, and none may replace the page of another. Without a shard, and with a single one, the name stays.
 */
export function withShardPage<Run extends CliRun<ReportOptions>>(run: Run, shard: Shard | undefined): Run {
  const { report } = run.options;
  if (report === undefined || !shard || shard.count === 1) {
    return run;
  }
  const { dir, name, ext } = parse(report);
  const page = join(dir, `${name}-${shard.index}-of-${shard.count}${ext}`);
  return { ...run, options: { ...run.options, report: page } };
}

/**
 * Throws a UserError when the file of the option is not named as a page (it may be the manifest), or cannot be written.
 */
export async function requireReportFile({ report }: ReportOptions): Promise<void> {
  if (report === undefined) {
    return;
  }
  const option = `--report ${JSON.stringify(report)}`;
  if (!/\.html?$/i.test(report)) {
    throw new UserError(`${option} is not the name of an HTML file`, {
      hint: 'write a name that ends with .html',
    });
  }
  await requireWritable(report, option);
}

/**
 * The result of a command, after its page is written where one is asked for. A page that cannot be written is an error of
 * the log and makes the exit status 1; the answer on standard output stays, since what was done is done.
 */
export async function withReport(
  result: CommandResult,
  { options, surroundings }: CliRun<ReportOptions>,
  log: Pick<Log, 'info' | 'error'>,
  contentOf: () => PageContent,
): Promise<CommandResult> {
  const { report } = options;
  if (report === undefined) {
    return result;
  }
  const { about, ...content } = contentOf();
  const made = new Date(surroundings.clock.now()).toISOString();
  const page: ReportPage = {
    ...content,
    facts: [
      ['Command', ['registry-image', ...surroundings.arguments].map(shellWord).join(' ')],
      ...about,
      ['Made', made.replace('T', ' ').replace(/\.\d+Z$/, ' UTC')],
      ['Exit status', `${result.code}: ${exitMeanings[result.code]}`],
      ['Version', version],
    ],
  };
  try {
    await writeWholeFile(report, [reportHtml(page, surroundings.redact)]);
  } catch (error) {
    log.error(errorText(error));
    return { ...result, code: 1 };
  }
  log.info(`the report is in ${report}`);
  return result;
}

function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
