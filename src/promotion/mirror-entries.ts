// Collects the entries of a list for mirror while a file is read: names that are checked, and where images go.
import { UserError } from '../errors.ts';
import type { WantedPlatform } from '../oci/platform.ts';
import type { FileProblems } from './manifest-problems.ts';
import { atLine, type LineString } from './mirror-fields.ts';
import type { MirrorEntry, MirrorRepository, MirrorSelection, TagFilter } from './mirror-list.ts';
import {
  destinationBelow,
  type MirrorDestination,
  type MirrorImage,
  parseMirrorImage,
} from './mirror-names.ts';

/** Images that are read from a file: of which source, chosen how, to which destination. */
export interface ReadImages {
  /** A repository, or one image of it. */
  readonly source: LineString;
  /** Undefined for the one that --to names. */
  readonly destination: LineString | undefined;
  /** Of a source without a tag or digest; all tags without one of these. */
  readonly tags: readonly LineString[];
  readonly filters: readonly TagFilter[];
  readonly platform?: WantedPlatform | undefined;
}

/** Receives what the file of a list says. */
export class MirrorEntries {
  readonly entries: MirrorEntry[] = [];
  readonly problems: FileProblems;
  readonly #to: MirrorDestination | undefined;
  #usesTo = false;

  constructor(problems: FileProblems, to: MirrorDestination | undefined) {
    this.problems = problems;
    this.#to = to;
  }

  /** Whether an entry has no destination of its own. */
  get usesTo(): boolean {
    return this.#usesTo;
  }

  /** Adds the images of one source. Reports what is wrong with a name. */
  add({ source, destination, tags, filters, platform }: ReadImages): void {
    const { problems } = this;
    const from = atLine(source.line, problems, () => parseMirrorImage(source.value));
    if (!from) {
      return;
    }
    const place = destination ?? source;
    const to = atLine(place.line, problems, () =>
      destination ? parseMirrorImage(destination.value) : this.#below(from.repository),
    );
    if (!to) {
      return;
    }
    const rest = platform ? { platform } : {};
    for (const { selection, line } of this.#selections(from, to, source.line, tags, filters)) {
      this.entries.push({
        kind: 'repository',
        source: from.repository,
        destination: to.repository,
        selection,
        line,
        ...rest,
      } satisfies MirrorRepository);
    }
  }

  /** Where --to puts a repository. Throws a UserError without --to. */
  #below(repository: string): MirrorImage {
    this.#usesTo = true;
    if (!this.#to) {
      throw new UserError(`${repository} has no destination`, { hint: 'give one with --to PREFIX' });
    }
    return { repository: destinationBelow(this.#to, repository), tag: undefined, digest: undefined };
  }

  #selections(
    from: MirrorImage,
    to: MirrorImage,
    line: number,
    tags: readonly LineString[],
    filters: readonly TagFilter[],
  ): { readonly selection: MirrorSelection; readonly line: number }[] {
    const { problems } = this;
    const isOne = from.tag !== undefined || from.digest !== undefined;
    if (isOne && (tags.length > 0 || filters.length > 0)) {
      problems.error(line, 'the source names a tag or a digest already: tags cannot be chosen, too');
      return [];
    }
    if (to.digest !== undefined && to.digest !== from.digest) {
      problems.error(line, 'the destination names another digest than the source: copies keep their digests');
      return [];
    }
    if (!isOne && to.tag !== undefined) {
      problems.error(line, 'the destination names a tag, but the source names none');
      return [];
    }
    if (from.digest !== undefined) {
      return [{ selection: { kind: 'digest', digest: from.digest, as: to.tag ?? from.tag ?? null }, line }];
    }
    if (from.tag !== undefined) {
      return [{ selection: { kind: 'tag', tag: from.tag, as: to.tag ?? from.tag }, line }];
    }
    const named = tags.flatMap((tag) => this.#named(from, tag) ?? []);
    return tags.length > 0 && filters.length === 0
      ? named
      : [...named, { selection: { kind: 'matching', filters }, line }];
  }

  /** A tag of a list of tags, which may be a digest. */
  #named({ repository }: MirrorImage, { value, line }: LineString) {
    const separator = value.startsWith('sha256:') ? '@' : ':';
    const image = atLine(line, this.problems, () => parseMirrorImage(`${repository}${separator}${value}`));
    if (!image) {
      return undefined;
    }
    const selection: MirrorSelection =
      image.digest === undefined
        ? { kind: 'tag', tag: value, as: value }
        : { kind: 'digest', digest: image.digest, as: null };
    return { selection, line };
  }
}
