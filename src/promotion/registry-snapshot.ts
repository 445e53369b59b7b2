// What repositories hold, as a snapshot: named ones, and all below a prefix where the registry lists them.
import type { Registries } from '../access/registries.ts';
import { childrenOf } from '../content/graph-source.ts';
import { errorText, UserError } from '../errors.ts';
import { mapConcurrently } from '../limiter.ts';
import type { Digest } from '../oci/digest.ts';
import { isIndexType, isManifestType } from '../oci/media-type.ts';
import { checkAddressable, parseRepository } from '../oci/reference.ts';
import type { Pattern } from '../policy/pattern.ts';
import { listRepositories } from '../registry/catalog.ts';
import { getManifest } from '../registry/manifest-endpoint.ts';
import { type RepositoryContents, readRepositoryContents } from '../registry/repository-contents.ts';
import type { Session } from '../transport/session.ts';
import { mapByHost } from './hosts.ts';
import { canonicalRegistry, registryNameFault } from './registry-name.ts';
import { createSnapshot, minimalSnapshot, type Snapshot, type SnapshotImage } from './snapshot.ts';

/** How many tags or manifests of one repository are asked for at a time. */
const lookUpConcurrency = 8;

/** What a snapshot of registries takes. */
export interface RegistrySnapshotOptions {
  readonly registries: Registries;
  /** Only tags that match, and their digests. */
  readonly tags: Pattern | undefined;
  /** Whether manifests without a tag that are children of an index are left out. */
  readonly minimal: boolean;
  readonly signal: AbortSignal;
}

/** A repository, or a prefix, that could not be read, and what its registry said. */
export interface SnapshotFailure {
  readonly name: string;
  readonly reason: string;
}

/** A snapshot, what it lacks, and the repositories without anything in them, or prefixes without any repository. */
export interface RegistrySnapshot {
  readonly snapshot: Snapshot;
  readonly failures: readonly SnapshotFailure[];
  readonly empty: readonly string[];
}

/** A repository and its name in the snapshot. */
interface NamedRepository {
  readonly repository: string;
  readonly name: string;
}

/**
 * A snapshot of repositories (`host/path/name`, which is their name in it) and of all below prefixes (`host/path/`, with
 * names from there on). What cannot be read fails by itself. Throws a UserError for what is no name.
 */
export async function snapshotOfRegistries(
  places: readonly string[],
  options: RegistrySnapshotOptions,
): Promise<RegistrySnapshot> {
  const { registries, signal } = options;
  const failures: SnapshotFailure[] = [];
  const empty: string[] = [];
  const attempt = async <Result>(name: string, action: () => Promise<Result[]>): Promise<Result[]> => {
    try {
      return await action();
    } catch (error) {
      signal.throwIfAborted();
      failures.push({ name, reason: errorText(error) });
      return [];
    }
  };
  const checked = places.map((place) => ({ place, ...parsePlace(place) }));
  const listed = await Promise.all(
    checked.map(({ place, registry, path, isPrefix }) =>
      isPrefix
        ? attempt(place, async () => {
            const below = await repositoriesBelow(registries, registry, path);
            if (below.length === 0) {
              empty.push(place);
            }
            return below;
          })
        : [{ repository: `${registry}/${path}`, name: `${registry}/${path}` }],
    ),
  );
  const children = new Map<string, ReadonlySet<Digest>>();
  const read = ({ repository, name }: NamedRepository) =>
    attempt(repository, async () => {
      const session = await registries.reader(parseRepository(repository));
      const contents = await readRepositoryContents(session, lookUpConcurrency, (tag) =>
        options.tags ? options.tags.matches(tag) : true,
      );
      if (contents.digests.size === 0) {
        empty.push(repository);
      }
      if (options.minimal) {
        children.set(name, await childrenOfIndexes(session, contents));
      }
      return [imageOf(name, contents, options.tags !== undefined)];
    });
  const images = await mapByHost(listed.flat(), ({ repository }) => repository, read);
  const all = createSnapshot(images.flat());
  const isChild = (name: string, digest: Digest) => children.get(name)?.has(digest) ?? false;
  return { snapshot: options.minimal ? minimalSnapshot(all, isChild) : all, failures, empty };
}

function parsePlace(place: string) {
  const name = place.replace(/\/+$/, '');
  if (name === place) {
    const repository = parseRepository(name);
    checkAddressable(repository, name);
    const { registry, path } = repository;
    return { registry, path, isPrefix: false };
  }
  const fault = registryNameFault(name);
  if (fault !== undefined) {
    throw new UserError(`${JSON.stringify(place)} is not the beginning of repositories: ${fault}`);
  }
  const [registry = '', ...path] = canonicalRegistry(name).split('/');
  return { registry, path: path.join('/'), isPrefix: true };
}

async function repositoriesBelow(
  registries: Registries,
  registry: string,
  path: string,
): Promise<NamedRepository[]> {
  const prefix = path === '' ? '' : `${path}/`;
  const paths = await listRepositories(await registries.catalog(registry, path), prefix);
  return paths.map((each) => ({ repository: `${registry}/${each}`, name: each.slice(prefix.length) }));
}

function imageOf(name: string, { tags, digests }: RepositoryContents, isFiltered: boolean): SnapshotImage {
  const tagged = [...tags].map(([tag, digest]) => ({ digest, tags: [tag] }));
  const untagged = isFiltered ? [] : [...digests].map((digest) => ({ digest, tags: [] }));
  return { name, digests: [...tagged, ...untagged] };
}

/** The children of the indexes of a repository. Manifests whose media type is listed as that of an image are not read. */
async function childrenOfIndexes(
  session: Session,
  { tags, digests, mediaTypes }: RepositoryContents,
): Promise<ReadonlySet<Digest>> {
  const tagged = new Set(tags.values());
  if ([...digests].every((digest) => tagged.has(digest))) {
    return new Set();
  }
  const candidates = [...digests].filter((digest) => !isManifestType(mediaTypes.get(digest) ?? ''));
  const lists = await mapConcurrently(candidates, lookUpConcurrency, async (digest) => {
    const { bytes, mediaType } = await getManifest(session, digest);
    return isIndexType(mediaType) ? childrenOf('index', bytes, `index ${digest}`) : [];
  });
  return new Set(lists.flat().map(({ descriptor }) => descriptor.digest));
}
