// Fuzzes YAML: whatever the text is, it is parsed, or has errors with their places.
import { expect } from 'vitest';
import { parseYaml } from '../../src/yaml/parse-yaml.ts';
import { composedOf, usualOf } from '../yaml/composed.ts';
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

fuzz(
  'what is converted without the composer of the library is what it accepts, and the same',
  yaml,
  (text) => {
    const usual = usualOf(text);
    if (usual) {
      const { root, end, documents, problems } = composedOf(text);
      expect({ ...usual, documents, problems }).toEqual({ root, end, documents: 1, problems: [] });
    }
  },
);
