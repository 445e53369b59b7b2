// Whether a put would publish what is published already (`only_if_changed`).
import { pairImages } from '../compare/compare-images.ts';
import type { Difference } from '../compare/difference.ts';
import type { ContentSource } from '../content/content-graph.ts';
import { errorText, UserError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { isMissing } from '../registry/manifest-endpoint.ts';
import { type ReadImage, readRegistryImage } from '../registry/registry-image.ts';
import type { Session } from '../transport/session.ts';
import type { OpenedImage } from './opened-image.ts';

/** How many differences are logged. */
const loggedDifferences = 50;

/** How a published image is looked at. */
export interface UnchangedOptions {
  readonly log: Log;
  readonly signal: AbortSignal;
  /**
   * Whether a published image with another digest than the source may stay. The comparison trusts what its config says of
   * the layers, and anybody who can write to the repository can have written that.
   */
  isTrusted(digest: Digest): Promise<boolean>;
}

/**
 * The digest that a tag is on, when that image is the same as the source: it has its digest, or it is trusted and has the
 * same configs and layers but for times of creation. Else the log says why, and the result is undefined, as for a tag that
 * does not exist.
 */
export async function publishedUnchanged(
  session: Session,
  tag: string,
  { source, plain }: Pick<OpenedImage, 'source' | 'plain'>,
  { log, signal, isTrusted }: UnchangedOptions,
): Promise<Digest | undefined> {
  const published = await readPublished(session, tag);
  if (!published) {
    return undefined;
  }
  const { digest } = published.root.descriptor;
  if (source.root?.digest === digest) {
    return digest;
  }
  const pair = await pairImages(published.source, plain ?? source, { times: false, signal }).catch(
    (cause) => {
      signal.throwIfAborted();
      throw new UserError(`params.only_if_changed: comparing with the image of the tag ${tag}`, {
        cause,
        ...(isDefect(cause)
          ? { hint: 'put once without only_if_changed, which replaces the image of the tag' }
          : {}),
      });
    },
  );
  if (pair.differences.length === 0) {
    if (await isTrusted(digest)) {
      return digest;
    }
    if (plain && (await rootOf(source))?.digest === digest) {
      return digest;
    }
    log.info(`the image of tag ${tag} looks the same, but ${digest} is not signed: it is not relied upon`);
    return undefined;
  }
  try {
    logDifferences(await pair.allDifferences(), tag, log);
  } catch (cause) {
    signal.throwIfAborted();
    logDifferences(pair.differences, tag, log);
    log.warn(`packages and files were not compared: ${errorText(cause)}`);
  }
  return undefined;
}

/** Whether it is the published image that is incomplete or malformed, and asking again would not help. */
function isDefect(cause: unknown): boolean {
  return isMissing(cause) || (cause instanceof UserError && cause.constructor === UserError);
}

/** The root of a source that is read for it, and its layers compressed. */
async function rootOf(source: ContentSource): Promise<Descriptor | undefined> {
  const nodes = await Array.fromAsync(source.nodes(async () => false));
  return nodes.at(-1)?.descriptor;
}

async function readPublished(session: Session, tag: string): Promise<ReadImage | undefined> {
  try {
    return await readRegistryImage(session, tag);
  } catch (cause) {
    if (isMissing(cause)) {
      return undefined;
    }
    throw new UserError(`params.only_if_changed: reading the image of the tag ${tag}`, { cause });
  }
}

function logDifferences(differences: readonly Difference[], tag: string, log: Log): void {
  log.info(`the image of tag ${tag} differs in ${differences.length} points:`);
  for (const { where, what, a, b } of differences.slice(0, loggedDifferences)) {
    log.info(`  ${where} ${what}: ${a ?? 'none'} -> ${b ?? 'none'}`);
  }
  if (differences.length > loggedDifferences) {
    log.info(`  and ${differences.length - loggedDifferences} more`);
  }
}
