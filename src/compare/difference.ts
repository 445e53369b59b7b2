// A difference between two images, and the differences between two sets of named values.

/** One difference. A side without the thing is null. */
export interface Difference {
  /** `platforms`, `artifact`, `config`, `layers`, `packages` or `files`, after the platform when it is an index. */
  readonly where: string;
  /** What differs there: a member of the config, the number of a layer, a package, or a path. */
  readonly what: string;
  readonly a: string | null;
  readonly b: string | null;
}

/** The names whose values differ, in the order of their code units. */
export function differencesOf(
  where: string,
  a: ReadonlyMap<string, string>,
  b: ReadonlyMap<string, string>,
): Difference[] {
  const names = [...new Set([...a.keys(), ...b.keys()])].sort();
  return names
    .map((what) => ({ where, what, a: a.get(what) ?? null, b: b.get(what) ?? null }))
    .filter((difference) => difference.a !== difference.b);
}
