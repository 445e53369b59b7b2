// Which tags of a put are immutable.
import { compilePattern } from './pattern.ts';

/** Chooses the immutable ones of a put's tags. */
export type ImmutableTags = (asked: readonly string[], aliases: readonly string[]) => ReadonlySet<string>;

/**
 * Which tags `params.immutable_tags` protects: with `true` those that were asked for, but not the aliases of
 * `bump_aliases`, which exist to be moved; with patterns every tag in which one is found, aliases too. A UserError for
 * a malformed pattern.
 */
export function immutableTags(setting: boolean | readonly string[]): ImmutableTags {
  if (typeof setting === 'boolean') {
    return (asked) => new Set(setting ? asked : []);
  }
  const patterns = setting.map((text) => compilePattern(text, 'params.immutable_tags'));
  return (asked, aliases) =>
    new Set([...asked, ...aliases].filter((tag) => patterns.some((pattern) => pattern.matches(tag))));
}
