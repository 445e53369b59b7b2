// registry-image copy: one image, with what is attached to it, to one or several places.
import { contentWarning } from '../content/content-warning.ts';
import { UserError } from '../errors.ts';
import { readWantedPlatform } from '../oci/platform.ts';
import { repositoryName } from '../oci/reference.ts';
import { checkTag } from '../policy/tag-grammar.ts';
import { copyToPlaces } from '../promotion/copy-to-places.ts';
import { parseDestination, parseImageLocation } from '../promotion/image-location.ts';
import { createPlainLines } from '../transfer/progress-display.ts';
import { promotionResult } from './carry-out.ts';
import { type CliCommand, type RegistryOptions, withRegistries } from './cli-context.ts';
import { requireAllowed } from './destinations.ts';
import { edgeLine } from './promotion-output.ts';
import { type SignOptions, signerOf } from './sign-options.ts';
import { printable } from './table.ts';

interface Options extends RegistryOptions, SignOptions {
  readonly tag: readonly string[];
  readonly platform?: string;
  /** False with --no-referrers. */
  readonly referrers: boolean;
}

/** Exits with 1 when the source cannot be read or a destination fails; else with 0. */
export const runCopy: CliCommand<Options> = async (run) => {
  const { args, options, surroundings } = run;
  const [from = '', ...places] = args;
  const source = parseImageLocation(from, 'the source');
  const destinations = places.map((place) => parseDestination(place, 'the destination'));
  for (const tag of options.tag) {
    checkTag(tag, '--tag');
  }
  const platform = options.platform === undefined ? surroundings.platform : parsePlatform(options.platform);
  if (options.platform !== undefined && !destinations.some(({ kind }) => kind === 'docker-archive')) {
    throw new UserError('--platform is given, but no destination is a tarball: all platforms are copied', {
      hint: 'leave it out; params.platforms of a put, or platform in a list for mirror, copies one platform',
    });
  }
  const { signal, every, clock } = surroundings;
  const openSigner = await signerOf(run);
  if (openSigner && destinations.some(({ kind }) => kind !== 'registry')) {
    throw new UserError('--sign-key signs images on registries, and a destination is on disk', {
      hint: 'copy to the disk in a command of its own, without --sign-key',
    });
  }
  return await withRegistries(run, async (opened) => {
    const { registries, settings, verify, log } = opened;
    requireAllowed(
      destinations.flatMap((each) => (each.kind === 'registry' ? [repositoryName(each.repository)] : [])),
      settings,
    );
    const progress = opened.progress ?? createPlainLines({ now: clock.now, every }, log.progress);
    try {
      const result = await copyToPlaces(
        { source, destinations, tags: options.tag, platform },
        {
          registries,
          verify,
          sign: openSigner?.(registries),
          attachments: options.referrers ? () => true : undefined,
          signal,
          progress,
          on: (event) => {
            const warning = contentWarning(event);
            if (warning !== undefined) {
              log.warn(printable(warning));
            }
          },
        },
      );
      for (const edge of result.edges) {
        if (edge.outcome === 'failed') {
          log.error(printable(edgeLine(edge)));
        }
      }
      return promotionResult(result, run, opened);
    } finally {
      progress.close();
    }
  });
};

/** `os/architecture` or `os/architecture/variant`. */
function parsePlatform(text: string) {
  const [os = '', architecture = '', variant = '', ...rest] = text.split('/');
  if (os === '' || architecture === '' || rest.length > 0) {
    throw new UserError(`--platform ${JSON.stringify(text)} is not a platform`, {
      hint: 'write os/architecture or os/architecture/variant: linux/arm64, linux/arm/v7',
    });
  }
  return readWantedPlatform(os, architecture, variant);
}
