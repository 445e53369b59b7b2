// Fuzzes YAML: the fast reader of usual files must have the same result as the library, whatever the text is.
import { expect } from 'vitest';
import { readLibraryYaml } from '../../src/yaml/library-yaml.ts';
import { parseYaml } from '../../src/yaml/parse-yaml.ts';
import { readSimpleYaml } from '../../src/yaml/simple-yaml.ts';
import { fuzz } from './fuzzing.ts';
import { mutatedText } from './inputs.ts';

const files = [
  '# images\n- name: app\n  dmap:\n    "sha256:abc": ["1.0", "1.1"]\n    sha256:def: [latest]\n- name: other\n',
  'registries:\n- name: a.test/x\n  src: true\nimages:\n  - {a: b}\n  - "quoted \\" text"\n',
  "a:\n- b\n-\n  c: d\n\ne: 'it''s'\nf:   g # comment\n",
  'a: &x [1, 2]\nb: *x\nc: |\n  text\n  more\n',
  '---\na: 1\n...\n',
];
const words = [
  '- ',
  ': ',
  '\n',
  '  ',
  '#',
  "'",
  '"',
  '[',
  ']',
  '{',
  '}',
  ',',
  '&a ',
  '*a',
  '|',
  '>',
  '!',
  '%',
  '\t',
  '---\n',
  '? ',
];
const yaml = mutatedText(files, words);

fuzz('a YAML file is parsed or has errors', yaml, async (text) => {
  const { errors } = await parseYaml(text);
  expect(errors.every(({ line, column }) => line >= 1 && (column ?? 1) >= 1)).toBe(true);
});

fuzz('the fast reader has the same result as the library', yaml, async (text) => {
  const simple = readSimpleYaml(text);
  if (simple) {
    const { root, errors } = await readLibraryYaml(text);
    expect({ errors, root }).toEqual({ errors: [], root: simple });
  }
});
