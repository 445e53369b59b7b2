// Maps with known keys: what is reported about the others.
import { expect, it } from 'vitest';
import { parseYaml } from '../../src/yaml/parse-yaml.ts';
import { quoteShort, readFields } from '../../src/yaml/yaml-fields.ts';

async function fieldsOf(text: string) {
  const { root } = await parseYaml(text);
  const problems: string[] = [];
  const fields =
    root.kind === 'map'
      ? readFields(root, ['name', 'dmap'], (line, message) => problems.push(`${line}: ${message}`))
      : {};
  return { fields, problems };
}

it('returns the entries of known keys', async () => {
  const { fields, problems } = await fieldsOf('name: a\n');
  expect(problems).toEqual([]);
  expect(fields).toEqual({ name: { key: 'name', line: 1, value: { kind: 'string', line: 1, value: 'a' } } });
});

it.each([
  [
    'an unknown key that is near to a known one',
    'name: a\nDmapp: b\n',
    '2: unknown key "Dmapp": did you mean dmap?',
  ],
  ['another unknown key', 'tags: a\n', '1: unknown key "tags": the keys are name, dmap'],
  ['a key of a prototype', 'constructor: a\n', '1: unknown key "constructor": the keys are name, dmap'],
  ['a repeated key', 'name: a\nname: b\n', '2: the key "name" is there twice: first on line 1'],
])('reports %s', async (_, text, problem) => {
  expect((await fieldsOf(text)).problems).toEqual([problem]);
});

it('quotes long values only in part', () => {
  expect(quoteShort('a\n')).toBe('"a\\n"');
  expect(quoteShort('a'.repeat(200))).toBe(`"${'a'.repeat(100)}"…`);
});
