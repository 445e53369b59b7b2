// registry-image promote: plans what promotion manifests ask for, and carries it out when it is confirmed.
import { promotionsOf } from '../promotion/edges.ts';
import { type CliCommand, withRegistries } from './cli-context.ts';
import { type ManifestOptions, manifestsFact, readNamedManifests } from './manifest-options.ts';
import { type PlanningOptions, planAndPromote, planningRules } from './planned-promotion.ts';
import { optionalPattern } from './shared-options.ts';

interface Options extends PlanningOptions, ManifestOptions {
  readonly only?: string;
}

/** Exits with 1 when something cannot be done, with 2 when a dry run shows what would be done, else with 0. */
export const runPromote: CliCommand<Options> = async (run) => {
  const { options } = run;
  const only = optionalPattern(options.only, '--only');
  const rules = await planningRules(run, [
    ['--manifest', options.manifest],
    ['--thin-manifest-dir', options.thinManifestDir],
  ]);
  return await withRegistries(run, async (opened) => {
    const manifests = await readNamedManifests(options, opened.log);
    const promotions = promotionsOf(manifests, (name) => only?.matches(name) ?? true);
    if (only && promotions.length === 0) {
      opened.log.warn(`--only ${options.only} matches no image of the manifests`);
    }
    const about = { title: 'Promotion', origin: manifestsFact(options), warnings: [] };
    return await planAndPromote({ promotions, setAside: [], about }, rules, run, opened);
  });
};
