// The creation times by which a check sorts tags: one tag whose image has none does not fail the check.
import { lookUpConcurrency } from '../concurrency.ts';
import type { ContentReader, GraphNode } from '../content/content-graph.ts';
import { platformImage } from '../content/platform-image.ts';
import { causes, errorText, UserError } from '../errors.ts';
import { remoteImage } from '../get/remote-image.ts';
import { createLimiter, mapConcurrently } from '../limiter.ts';
import { maximumManifest, maximumSmallDocument } from '../limits.ts';
import type { Log } from '../log.ts';
import { creationTime } from '../oci/image-config.ts';
import type { WantedPlatform } from '../oci/platform.ts';
import { parseCreated } from '../policy/creation-time.ts';
import { getListedManifest, getTaggedManifest } from '../registry/manifest-endpoint.ts';
import { repositoryReader } from '../registry/repository-reader.ts';
import { OversizedBodyError, RegistryError } from '../transport/registry-error.ts';
import { isPassing } from '../transport/retry-policy.ts';
import type { Session } from '../transport/session.ts';

/** How many tags without a time the warning explains. */
const explainedTags = 3;
/** How many characters of each explanation it quotes. */
const explanationLength = 300;

/**
 * The creation time of the image of each tag, by {@link parseCreated}. Tags whose image has none that can be read are left
 * out, with one warning: an image for other platforms is read, but schema 1, an empty index, a lost or broken config are
 * not. Throws a failure of the network, of the log-in, or one that may pass, after the retries of the session.
 */
export async function creationTimes(
  session: Session,
  tags: readonly string[],
  platform: WantedPlatform,
  log: Log,
): Promise<ReadonlyMap<string, bigint>> {
  const large = createLimiter(1);
  const read = async (tag: string): Promise<bigint> => {
    try {
      return await readTime(session, tag, platform, maximumSmallDocument);
    } catch (error) {
      if (![...causes(error)].some((level) => level instanceof OversizedBodyError)) {
        throw error;
      }
    }
    // Large documents are rare: one image at a time, so that many cannot fill the memory.
    const release = await large.acquire();
    try {
      return await readTime(session, tag, platform, maximumManifest);
    } finally {
      release();
    }
  };
  const results = await mapConcurrently(tags, lookUpConcurrency, async (tag) => {
    try {
      return { tag, time: await read(tag) };
    } catch (error) {
      if (!isAboutImage(error)) {
        throw error;
      }
      return { tag, reason: errorText(error).slice(0, explanationLength) };
    }
  });
  const unknown = results.flatMap(({ tag, reason }) => (reason === undefined ? [] : [`${tag} (${reason})`]));
  if (unknown.length > 0) {
    const others = unknown.length - explainedTags;
    const list = unknown.slice(0, explainedTags).join(', ') + (others > 0 ? ` and ${others} more` : '');
    log.warn(`tags without a creation time count as the oldest: ${list}`);
  }
  return new Map(results.flatMap(({ tag, time }) => (time === undefined ? [] : [[tag, time]])));
}

/** Throws an OversizedBodyError for a manifest, index or config of more than `limit` bytes. */
async function readTime(
  session: Session,
  tag: string,
  platform: WantedPlatform,
  limit: number,
): Promise<bigint> {
  const served = await getTaggedManifest(session, tag, limit);
  const { documents, root } = remoteImage(limitedReader(session, limit), served);
  const { manifest } = await platformImage(documents, root, platform, 'any');
  const where = `config ${manifest.config.digest}`;
  return parseCreated(creationTime(await documents.config(manifest.config), where), where);
}

function limitedReader(session: Session, limit: number): ContentReader {
  const reader = repositoryReader(session);
  const check = ({ descriptor }: GraphNode) => {
    if (descriptor.size > limit) {
      throw new OversizedBodyError('GET', `${session.origin}/v2/${session.repository.path}`, limit);
    }
  };
  return {
    name: reader.name,
    async document(node) {
      check(node);
      return await getListedManifest(session, node.descriptor, limit);
    },
    async open(node) {
      check(node);
      return await reader.open(node);
    },
  };
}

/** Whether a failure is that of this image, and not one of the network or the log-in. */
function isAboutImage(error: unknown): boolean {
  return [...causes(error)].every(
    (level) =>
      level instanceof UserError &&
      !(level instanceof RegistryError && (level.status === 401 || isPassing(level.status))),
  );
}
