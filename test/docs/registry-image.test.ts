// docs/registry-image.md has every command, option, key of the settings file and key of an answer, and no other.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { answerSchemas } from '../../scripts/answer-schemas.ts';
import { markdownTables } from '../../scripts/markdown-tables.ts';
import { createProgram } from '../../src/cli/program.ts';
import { readRawLogin } from '../../src/request/source.ts';
import type { Schema } from '../support/json-schema.ts';
import { repositoryRoot } from '../support/run.ts';
import { readPage } from './pages.ts';

const page = readPage('docs/registry-image.md');
const { commands } = createProgram(() => {});
const code = (cell = '') => [...cell.matchAll(/`([^`]+)`/g)].map(([, text = '']) => text);

/** The text below each heading of the third level. */
const sections = new Map(
  page.text.split(/^### /m).map((section) => {
    const [heading = '', ...lines] = section.split('\n');
    return [heading, lines.join('\n').split(/^## /m, 1)[0] ?? ''];
  }),
);

/** The flags of a table of options with its rows' owners; those of a section belong to its command. */
function optionsOf(text: string): { flags: string; owners: readonly string[] }[] {
  return markdownTables(text)
    .filter(({ header }) => header[0] === 'option')
    .flatMap(({ header, rows }) =>
      rows.map(([flags = '', owners = '']) => ({
        flags: code(flags)[0] ?? '',
        owners: header[1] === 'of' ? owners.split(', ') : [],
      })),
    );
}

const shared = optionsOf(
  page.text.split(/^## /m).find((part) => part.startsWith('Options of several')) ?? '',
);

it('the options of several commands belong to more than one', () => {
  expect(shared.length).toBeGreaterThan(10);
  for (const { flags, owners } of shared) {
    expect(owners.length, flags).toBeGreaterThan(1);
    expect(
      commands.map((command) => command.name()),
      flags,
    ).toEqual(expect.arrayContaining([...owners]));
  }
});

describe.each(commands.filter((command) => !['check', 'in', 'out'].includes(command.name())))(
  'the section of a command',
  (command) => {
    const name = command.name();

    it(`has exactly the options of ${name}, as its help has them`, () => {
      const own = optionsOf(sections.get(name) ?? '').map(({ flags }) => flags);
      const others = shared.filter(({ owners }) => owners.includes(name)).map(({ flags }) => flags);
      expect([...own, ...others].sort()).toEqual(command.options.map(({ flags }) => flags).sort());
    });

    it(`shows how to write ${name}`, () => {
      const [usage = ''] = code(sections.get(name)).filter((text) => text.startsWith('registry-image '));
      expect(usage).toMatch(new RegExp(`^registry-image ${name}\\b`));
      const words = usage.split(' ').slice(2);
      for (const argument of command.registeredArguments.filter(({ required }) => required)) {
        expect(
          words.some((word) => word.startsWith(argument.name().toUpperCase())),
          usage,
        ).toBe(true);
      }
    });
  },
);

it('the tables of the settings file have every key, and no other', () => {
  const documented = (object: string) =>
    markdownTables(page.text)
      .filter(({ header }) => header[0] === `key of \`${object}\``)
      .flatMap(({ rows }) => rows.flatMap(([cell]) => code(cell)));
  const logIn: string[] = [];
  const record =
    <Value>(value: Value) =>
    (key: string) => {
      logIn.push(key);
      return value;
    };
  readRawLogin({
    string: record(''),
    boolean: record(false),
    strings: record([]),
    stringOrObject: record(''),
  });
  expect(documented('registries[]').sort()).toEqual(
    ['name', 'max_requests_per_second', 'max_concurrent', 'verify', ...logIn].sort(),
  );
  expect(documented('settings')).toEqual(['registries', 'allow_destinations']);
});

/** Every object of a schema by its place, such as `promote.edges[]`, with its keys. */
function* objectsOf(schema: Schema, place: string): Generator<[place: string, keys: string[]]> {
  const properties = (schema.properties ?? {}) as Record<string, Schema>;
  if (schema.properties) {
    yield [place, Object.keys(properties)];
  }
  for (const [key, member] of Object.entries(properties)) {
    yield* objectsOf(member, `${place}.${key}`);
  }
  if (schema.items) {
    yield* objectsOf(schema.items as Schema, `${place}[]`);
  }
  for (const [name, definition] of Object.entries((schema.definitions ?? {}) as Record<string, Schema>)) {
    yield* objectsOf(definition, `${place}.${name}`);
  }
}

describe('the tables of answers', () => {
  /** What is described once for several. */
  const same: readonly (readonly [RegExp, string])[] = [
    [/^(apply|mirror|copy)\b/, 'promote'],
    [/^validate\.warnings/, 'validate.errors'],
    [/^diff\.sources/, 'diff.destinations'],
  ];
  const documented = new Map(
    markdownTables(page.text).flatMap(({ header, rows }) => {
      const [, place] = /^key of `([^`]+)`$/.exec(header[0] ?? '') ?? [];
      return place === undefined || header[1] === 'type'
        ? []
        : [[place, rows.flatMap(([cell]) => code(cell))]];
    }),
  );

  it('have every key of every schema, and no other', () => {
    const expected = new Map<string, string[]>();
    for (const [command, schema] of Object.entries(answerSchemas())) {
      for (const [place, keys] of objectsOf(schema, command)) {
        const name = same.reduce((text, [pattern, replacement]) => text.replace(pattern, replacement), place);
        expected.set(name, keys.sort());
      }
    }
    const described = [...documented].map(([place, keys]) => [place, keys.toSorted()]);
    expect(Object.fromEntries(described)).toEqual(Object.fromEntries(expected));
  });

  it('are of the schemas in docs/schema/registry-image, which are those of `npm run schema`', () => {
    const folder = join(repositoryRoot, 'docs', 'schema', 'registry-image');
    const schemas = readdirSync(folder).map((name) => [
      name.replace(/\.json$/, ''),
      JSON.parse(readFileSync(join(folder, name), 'utf8')),
    ]);
    expect(Object.fromEntries(schemas)).toEqual(answerSchemas());
    const answering = commands.filter(({ options }) => options.some(({ long }) => long === '--json'));
    expect(Object.keys(answerSchemas()).sort()).toEqual(answering.map((command) => command.name()).sort());
  });
});
