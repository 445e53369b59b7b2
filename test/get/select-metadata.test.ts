// The labels and annotations in the metadata of a response.
import { expect, it } from 'vitest';
import { selectMetadata } from '../../src/get/image-metadata.ts';
import { compilePattern } from '../../src/policy/pattern.ts';

const labels = { 'com.example.b': '2', 'org.other': 'x', 'com.example.a': '1', 'xcom.example.c': '3' };

it.each([
  ['^com\\.example\\.', ['com.example.a', 'com.example.b']],
  ['example', ['com.example.a', 'com.example.b', 'xcom.example.c']],
  ['.*', ['com.example.a', 'com.example.b', 'org.other', 'xcom.example.c']],
  ['^1$', []],
])('selects by the key: %s', (re, names) => {
  expect(selectMetadata(labels, compilePattern(re, 'a test')).map(({ name }) => name)).toEqual(names);
});

it('keeps values with their names', () => {
  expect(selectMetadata(labels, compilePattern('a$', 'a test'))).toEqual([
    { name: 'com.example.a', value: '1' },
  ]);
});

it('sorts by bytes, also names that look like numbers and names beyond 16 bits', () => {
  const names = selectMetadata(
    { '10': '', '\u{1f600}': '', '\uff41': '', '9': '', B: '', a: '' },
    compilePattern('', 'a test'),
  );
  expect(names.map(({ name }) => name)).toEqual(['10', '9', 'B', 'a', '\uff41', '\u{1f600}']);
});
