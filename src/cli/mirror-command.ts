// registry-image mirror: copies what a list says, of this program or of another tool, when it is confirmed.
import { UserError } from '../errors.ts';
import type { MirrorListReading } from '../promotion/mirror-list.ts';
import { readMirrorList } from '../promotion/mirror-list-file.ts';
import { type MirrorDestination, parseMirrorPrefix } from '../promotion/mirror-names.ts';
import { mirrorPromotions } from '../promotion/mirror-promotions.ts';
import { type CliCommand, type OpenedRegistries, withRegistries } from './cli-context.ts';
import { requireAllowed } from './destinations.ts';
import { problemLine } from './manifest-options.ts';
import { type PlanningOptions, planAndPromote, planningRules } from './planned-promotion.ts';
import { counted } from './table.ts';

interface Options extends PlanningOptions {
  readonly to?: string;
  readonly scoped?: boolean;
}

/** Exits with 1 when something cannot be done, with 2 when a dry run shows what would be done, else with 0. */
export const runMirror: CliCommand<Options> = async (run) => {
  const { args, options, surroundings } = run;
  const [file = ''] = args;
  const rules = await planningRules(run, [['the list', file]]);
  const to = destinationOf(options);
  return await withRegistries(run, async (opened) => {
    const { registries, settings, log } = opened;
    const list = await readMirrorList(file, to);
    report(list, opened);
    requireAllowed(
      list.entries.flatMap((entry) => (entry.kind === 'repository' ? [entry.destination] : [])),
      settings,
    );
    log.info(`looking for the images of ${counted(list.entries.length, 'entry', 'entries')} of ${file}`);
    const wanted = await mirrorPromotions(list.entries, {
      file,
      registries,
      signal: surroundings.signal,
      attachments: options.referrers,
    });
    report(wanted, opened);
    const warnings = [...list.warnings, ...wanted.warnings].map(problemLine);
    const about = { title: 'Mirror', origin: [['List', file] as const], warnings };
    return await planAndPromote({ ...wanted, about }, rules, run, opened);
  });
};

function destinationOf({ to, scoped }: Options): MirrorDestination | undefined {
  if (to === undefined) {
    if (scoped) {
      throw new UserError('--scoped is given without --to: it says how names below --to are made');
    }
    return undefined;
  }
  return { prefix: parseMirrorPrefix(to, '--to'), isScoped: scoped ?? false };
}

/** Logs warnings and errors. Throws a UserError when there are errors. */
function report(
  { errors, warnings }: Pick<MirrorListReading, 'errors' | 'warnings'>,
  { log }: OpenedRegistries,
): void {
  for (const warning of warnings) {
    log.warn(problemLine(warning));
  }
  for (const error of errors) {
    log.plain(problemLine(error));
  }
  if (errors.length > 0) {
    throw new UserError(`the list has ${counted(errors.length, 'error')}: nothing was copied`);
  }
}
