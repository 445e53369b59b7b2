// registry-image validate: the errors and warnings of promotion manifests, without any request.
import type { ManifestReading } from '../promotion/promotion-manifest.ts';
import { locateManifests, readManifests } from '../promotion/read-manifests.ts';
import type { AnswerOptions, CliCommand } from './cli-context.ts';
import { problemLine } from './manifest-options.ts';
import { counted, jsonAnswer } from './table.ts';

/** Prints every error as `file:line: message`. Exits with 1 when there is one. */
export const runValidate: CliCommand<AnswerOptions> = async ({ args, options }) => {
  const readings: ManifestReading[] = [];
  for (const path of args) {
    readings.push(await readManifests(await locateManifests(path)));
  }
  const errors = readings.flatMap((reading) => reading.errors);
  const warnings = readings.flatMap((reading) => reading.warnings);
  const lines = [
    ...errors.map(problemLine),
    ...warnings.map((warning) => problemLine({ ...warning, message: `warning: ${warning.message}` })),
    `${counted(errors.length, 'error')}, ${counted(warnings.length, 'warning')} in ${contents(readings)}`,
  ];
  const output = options.json ? jsonAnswer({ errors, warnings }) : lines.map((line) => `${line}\n`).join('');
  return { output, code: errors.length > 0 ? 1 : 0 };
};

/** How much there is in the manifests that could be read. */
function contents(readings: readonly ManifestReading[]): string {
  const manifests = readings.flatMap((reading) => reading.manifests);
  const digests = manifests.reduce(
    (sum, { images }) => images.reduce((ofImages, image) => ofImages + image.digests.length, sum),
    0,
  );
  return `${counted(manifests.length, 'manifest')} with ${counted(digests, 'digest')}`;
}
