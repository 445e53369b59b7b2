// What check answers in regex mode (source.tag_regex): every matching tag, as listed or by age.
import { UserError } from '../errors.ts';
import type { Pattern } from './pattern.ts';
import { quote } from './quote.ts';
import type { Version } from './select-tag.ts';

/** The listed tags that match, in listing order; a tag that is listed twice stays twice, as in upstream. */
export function matchingTags(tags: readonly string[], pattern: Pattern): string[] {
  return tags.filter((tag) => pattern.matches(tag));
}

/**
 * The answer for matching tags. `digests` has the digest of each tag that exists. With `created`, the time of
 * each existing tag's image as {@link parseCreated} gives it, the oldest comes first and equal times keep the
 * listing order.
 */
export function selectMatches(
  tags: readonly string[],
  digests: ReadonlyMap<string, string>,
  created?: ReadonlyMap<string, bigint>,
): Version[] {
  const found = tags.flatMap((tag) => {
    const digest = digests.get(tag);
    return digest === undefined ? [] : [{ tag, digest }];
  });
  if (!created) {
    return found;
  }
  const age = (tag: string) => created.get(tag) ?? neverCreated;
  return found.sort((a, b) => (age(a.tag) < age(b.tag) ? -1 : age(a.tag) > age(b.tag) ? 1 : 0));
}

const timestamp = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:[.,](\d+))?(?:Z|([+-])(\d{2}):(\d{2}))$/;

/**
 * Nanoseconds since 1970 of an image's creation time, written by RFC 3339; an empty text means the first day of
 * year 1, Go's zero time. A UserError names `where` when the text is no time.
 */
export function parseCreated(text: string, where: string): bigint {
  if (text === '') {
    return neverCreated;
  }
  const [, dateTime = '', fraction = '', sign, hours = '0', minutes = '0'] = timestamp.exec(text) ?? [];
  const time = new Date(`${dateTime}Z`);
  // The text must come out again: what is no date (30 February) may be taken for another one.
  if (dateTime === '' || Number.isNaN(time.getTime()) || time.toISOString() !== `${dateTime}.000Z`) {
    throw new UserError(`${where}: "created" must be a time as in RFC 3339: got ${quote(text)}`);
  }
  const offset = (Number(hours) * 60 + Number(minutes)) * (sign === '-' ? -1 : 1);
  const milliseconds = BigInt(time.getTime() - offset * 60_000);
  return milliseconds * 1_000_000n + BigInt(fraction.slice(0, 9).padEnd(9, '0'));
}

const neverCreated = BigInt(Date.parse('0001-01-01T00:00:00Z')) * 1_000_000n;
