// The tree of a YAML file as its readers see it: maps, lists and strings, each with its line.

/** A scalar as it is written: `1.10`, `0x10`, `yes` and `null` are strings, whether quoted or not. */
export interface YamlString {
  readonly kind: 'string';
  /** Counted from 1, as is every line. */
  readonly line: number;
  readonly value: string;
}

/** Items in the order of the file. */
export interface YamlList {
  readonly kind: 'list';
  readonly line: number;
  readonly items: readonly YamlNode[];
}

/** Entries in the order of the file; a key may occur more than once. */
export interface YamlMap {
  readonly kind: 'map';
  readonly line: number;
  readonly entries: readonly YamlEntry[];
}

/** A key of a map and its value. */
export interface YamlEntry {
  readonly key: string;
  readonly line: number;
  readonly value: YamlNode;
}

/** Nothing: the value of `key:` without one, or of a file with comments only. A quoted `""` is a string. */
export interface YamlEmpty {
  readonly kind: 'empty';
  readonly line: number;
}

/** A value of a YAML file. */
export type YamlNode = YamlString | YamlList | YamlMap | YamlEmpty;

/** Why a file cannot be used, and where; line and column are counted from 1. */
export interface YamlError {
  /** 1 where it is about the whole file. */
  readonly line: number;
  /** Absent where it is about the whole file. */
  readonly column?: number;
  readonly message: string;
}

/** The value of a YAML file. With errors it is incomplete. */
export interface YamlReading {
  readonly root: YamlNode;
  readonly errors: readonly YamlError[];
}
