// The value of a YAML file without lines, for comparisons: maps as lists of pairs, because a key may occur twice.
import type { YamlNode } from '../../src/yaml/yaml-node.ts';

export type PlainValue =
  | string
  | null
  | readonly PlainValue[]
  | { readonly map: readonly (readonly [string, PlainValue])[] };

/** The value of a node; null is an empty one. */
export function plainValue(node: YamlNode): PlainValue {
  switch (node.kind) {
    case 'empty':
      return null;
    case 'string':
      return node.value;
    case 'list':
      return node.items.map(plainValue);
    case 'map':
      return { map: node.entries.map(({ key, value }) => [key, plainValue(value)] as const) };
  }
}
