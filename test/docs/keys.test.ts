// The tables of keys, the JSON schemas and the decoder say the same.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type DecodedKey, decodedKeys, type MemberType } from '../../scripts/decoded-keys.ts';
import {
  choices,
  decoders,
  documentation,
  type JsonSchema,
  requestSchemas,
  sharedPath,
} from '../../scripts/schema.ts';
import { causes, UserError } from '../../src/errors.ts';
import { repositoryRoot } from '../support/run.ts';

/** How tables name the types. */
const typeNames: Readonly<Record<MemberType, string>> = {
  string: 'string',
  scalar: 'string or number',
  boolean: 'boolean',
  stringOrObject: 'object or string',
  strings: 'list of strings',
  booleanOrStrings: 'boolean or list of strings',
  stringMap: 'object of strings',
  object: 'object',
  stringOrObjectOf: 'string or object',
  objects: 'object or list',
};

/** Every object of every request, with its keys. */
function* objectsOf(
  command: string,
  keys: readonly DecodedKey[],
  path: readonly string[] = [],
): Generator<{ path: readonly string[]; keys: readonly DecodedKey[] }> {
  yield { path, keys };
  for (const member of keys) {
    if (member.keys.length > 0) {
      yield* objectsOf(command, member.keys, [...path, member.key]);
    }
  }
}

const requests = Object.entries(decoders).map(([command, decode]) => ({
  command,
  decode,
  keys: decodedKeys(decode),
}));

const objects = requests.flatMap(({ command, decode, keys }) =>
  [...objectsOf(command, keys)].map((object) => ({ command, decode, ...object })),
);

it('the keys of all objects are recorded', () => {
  const paths = objects.map(({ command, path }) => [command, ...path].join('.'));
  expect(paths).toEqual([
    'check',
    'check.source',
    'check.source.registry_mirror',
    'check.source.content_trust',
    'check.source.verify',
    'check.source.verify.identities',
    'check.source.verify.require_predicates',
    'check.source.platform',
    'check.version',
    'in',
    'in.source',
    'in.source.registry_mirror',
    'in.source.content_trust',
    'in.source.verify',
    'in.source.verify.identities',
    'in.source.verify.require_predicates',
    'in.source.platform',
    'in.params',
    'in.params.platform',
    'in.version',
    'out',
    'out.source',
    'out.source.registry_mirror',
    'out.source.content_trust',
    'out.source.verify',
    'out.source.verify.identities',
    'out.source.verify.require_predicates',
    'out.source.platform',
    'out.params',
    'out.params.from',
    'out.params.manifests',
    'out.params.manifests.platform',
    'out.params.platforms',
    'out.params.sign',
    'out.params.sign.attest',
    'out.params.cleanup',
  ]);
});

describe.each(
  objects
    .filter(({ path }) => path.length > 0)
    .map((object) => ({ ...object, name: [object.command, ...object.path].join('.') })),
)('the table of $name', (object) => {
  it('has exactly the keys that are decoded, with their types', () => {
    const documented = documentation(sharedPath(object.command, object.path));
    const decoded = object.keys.map(({ key, type }) => `${key}: ${typeNames[type]}`);
    expect(documented.map(({ key, type }) => `${key}: ${type}`).sort()).toEqual(decoded.sort());
  });
});

describe.each(requests)('the schema of $command', ({ command, decode }) => {
  const path = join(repositoryRoot, 'docs', 'schema', `${command}.json`);
  const schema: JsonSchema = JSON.parse(readFileSync(path, 'utf8'));

  it('is what npm run schema generates', () => {
    expect(schema).toEqual(requestSchemas()[command]);
  });

  it('admits for each key the types that the decoder takes', () => {
    for (const { path: keyPath, schema: member } of members(schema)) {
      const decoded = sampleKinds.filter((kind) => isDecoded(decode, keyPath, samples[kind]));
      const admitted = sampleKinds.filter((kind) => isAdmitted(member, kind));
      expect(admitted, keyPath.join('.')).toEqual(decoded);
    }
  });
});

const samples = {
  string: 'x',
  number: 1,
  boolean: false,
  object: {},
  'list of strings': ['x'],
  'list of objects': [{}],
} as const;
type SampleKind = keyof typeof samples;
const sampleKinds = Object.keys(samples) as SampleKind[];

/** Every key of a schema, those of objects in it too. */
function* members(
  schema: JsonSchema,
  path: readonly string[] = [],
): Generator<{ path: string[]; schema: JsonSchema }> {
  const { properties } = schema as { properties?: Record<string, JsonSchema> };
  for (const [key, member] of Object.entries(properties ?? {})) {
    yield { path: [...path, key], schema: member };
    yield* members((member.anyOf as JsonSchema[] | undefined)?.[0] ?? member, [...path, key]);
  }
}

/** By the little of JSON Schema that these schemas use. */
function isAdmitted(schema: JsonSchema, kind: SampleKind): boolean {
  const { anyOf, type, items } = schema as {
    anyOf?: JsonSchema[];
    type?: string | string[];
    items?: JsonSchema;
  };
  if (anyOf) {
    return anyOf.some((option) => isAdmitted(option, kind));
  }
  const types = [type].flat();
  if (!kind.startsWith('list')) {
    return types.includes(kind);
  }
  return types.includes('array') && isAdmitted(items ?? {}, kind === 'list of strings' ? 'string' : 'object');
}

/** Whether the decoder takes a value of this type there; what it thinks of the value itself does not matter. */
function isDecoded(decode: (input: string) => unknown, path: readonly string[], value: unknown): boolean {
  const request = path.reduceRight<unknown>((inner, key) => ({ [key]: inner }), value);
  try {
    decode(JSON.stringify(request));
    return true;
  } catch (error) {
    expect(error).toBeInstanceOf(UserError);
    return ![...causes(error)].some((level) => /cannot unmarshal/.test(String(level)));
  }
}

describe('choices of the schemas', () => {
  it.each<[string, string, (value: string) => object]>([
    ['in.params.format', 'in', (format) => ({ params: { format } })],
    [
      'out.params.on_conflict',
      'out',
      (choice) => ({ params: { immutable_tags: true, on_conflict: choice } }),
    ],
    [
      'source.content_trust.on_failure',
      'out',
      (choice) => ({ source: { content_trust: { on_failure: choice } } }),
    ],
  ])('are those that the decoder takes: %s', (name, command, requestWith) => {
    const isRefused = (value: string) => {
      try {
        decoders[command]?.(JSON.stringify(requestWith(value)));
        return false;
      } catch (error) {
        return String(error).includes(JSON.stringify(value));
      }
    };
    expect(choices[name]?.filter(isRefused)).toEqual([]);
    expect(isRefused('surely-none')).toBe(true);
  });

  it('stand in the docs', () => {
    for (const [name, values] of Object.entries(choices)) {
      const path = name.split('.');
      const row = documentation(path.slice(0, -1).join('.')).find(({ key }) => key === path.at(-1));
      for (const value of values) {
        expect(`${row?.default} ${row?.meaning}`, name).toContain(`\`${value}\``);
      }
    }
  });
});
