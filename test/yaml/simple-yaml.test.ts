// The quick reader of usual YAML against the library: it must say the same, or leave the file to the library.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readLibraryYaml } from '../../src/yaml/library-yaml.ts';
import { readSimpleYaml } from '../../src/yaml/simple-yaml.ts';

/** Lines as people write them, right and wrong, at several indentations. */
const line = fc
  .tuple(
    fc.constantFrom('', '', '  ', '  ', '    ', '      ', ' '),
    fc.constantFrom('', '', '- ', '-   ', '- - ', '-'),
    fc.constantFrom('', 'a:', 'b: ', '"c": ', "'d':  ", 'sha256:e:', 'f :', 'g:h', '"i":j', 'k'),
    fc.constantFrom(
      ...[
        '',
        '',
        'x',
        '"y"',
        "'z'",
        '1.0',
        '~',
        'null',
        '[]',
        '[a,b]',
        '[ "a" , b ]',
        '["a",]',
        '[a b]',
        '{}',
        '{ }',
      ],
      ...[
        '{a: b}',
        '[a,\n',
        '&a',
        '*a',
        '!!str x',
        '|',
        '"',
        "''",
        "'it''s'",
        '"\\""',
        'a:b',
        'a: b',
        '-',
        '#',
      ],
    ),
    fc.constantFrom('', '', '', ' ', ' # c', '# c', '\t', ' #'),
    fc.constantFrom('\n', '\n', '\n', '\r\n', '\n\n', '\r', ''),
  )
  .map((parts) => parts.join(''));

const file = fc
  .tuple(fc.constantFrom('', '', '---\n', '# c\n', '--- \r\n', '\ufeff'), fc.array(line, { maxLength: 8 }))
  .map(([start, lines]) => start + lines.join(''));

it('says what the library says wherever it says anything', async () => {
  let read = 0;
  await fc.assert(
    fc.asyncProperty(file, async (text) => {
      const root = readSimpleYaml(text);
      if (root) {
        read += 1;
        expect(await readLibraryYaml(text)).toEqual({ root, errors: [] });
      }
    }),
    { numRuns: 5000 },
  );
  expect(read).toBeGreaterThan(200);
});

describe('reads by itself', () => {
  it.each([
    ['flow lists', '- name: a\n  dmap:\n    "sha256:0": ["1","2"]\n'],
    ['block lists below unquoted digests', '- name: a\n  dmap:\n    sha256:0:\n    - "1"\n    - 2\n'],
    ['registries', 'registries:\n- name: r.example:5000/a\n  src: true\n  service-account: a@b.example\n'],
    ['comments and blank lines', '# é\n\n- name: a # c\n#\n  dmap:\n\n    # c\n    "sha256:0": []\n'],
    ['CRLF and the start of a document', '---\r\n- name: a\r\n  dmap:\r\n    "sha256:0": []\r\n'],
    ['a file without a value', '# No images yet\n'],
  ])('%s', (_, text) => expect(readSimpleYaml(text)).toBeDefined());
});

describe('leaves to the library', () => {
  it.each([
    ['malformed lines', 'a: b: c\n'],
    ['lists over several lines', 'a: [b,\n  c]\n'],
    ['a string alone', 'a\n'],
    ['strings over several lines', 'a: b\n  c\n'],
    ['several words', 'a: b c\n'],
    ['tabs', 'a:\tb\n'],
    ['anchors', 'a: &b c\n'],
    ['escapes', 'a: "\\n"\n'],
    ['other scripts', 'a: é\n'],
    ['long keys', `${'a'.repeat(1001)}: b\n`],
    ['a carriage return alone', 'a: b\rc: d\n'],
    ['a second document', 'a: b\n---\nc: d\n'],
    ['a list after a map', 'a: b\n- c\n'],
  ])('%s', (_, text) => expect(readSimpleYaml(text)).toBeUndefined());
});

it.each(['- {a\n', '- [a b\n', 'key: [a b\n', 'key: {a\n'])(
  'leaves %j, with a bracket that is not closed, to the library',
  (text) => {
    expect(readSimpleYaml(text)).toBeUndefined();
  },
);
