// YAML as it is read for manifests: scalars as written, errors by line and column, bounds on hostile input.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { maximumYamlDepth, maximumYamlTokens } from '../../src/limits.ts';
import { parseYaml } from '../../src/yaml/parse-yaml.ts';
import { plainValue } from './plain-value.ts';

async function contentOf(text: string) {
  const { root, errors } = await parseYaml(text);
  expect(errors).toEqual([]);
  return plainValue(root);
}

async function errorOf(text: string) {
  const { errors } = await parseYaml(text);
  expect(errors).not.toEqual([]);
  return errors[0];
}

describe('a scalar is a string exactly as it is written:', () => {
  const written = [
    '1.0',
    '1.10',
    '0x10',
    '010',
    '1e3',
    '1_000',
    '.5',
    '+1',
    '-1',
    'yes',
    'No',
    'on',
    'true',
    'FALSE',
    'null',
    'Null',
    '~',
    '.inf',
    '.nan',
    '2001-12-14',
    '12:30:45',
    '=',
    'sha256:abc',
    'v1.2.3-rc.1+build',
    'two words',
    'a#b',
    'http://host:5000/path',
    'é',
  ];
  it.each(written)('%s', async (scalar) => {
    expect(
      await contentOf(`- ${scalar}\n- [${scalar}, "${scalar}",'${scalar}']\n- key: ${scalar}\n`),
    ).toEqual([scalar, [scalar, scalar, scalar], { map: [['key', scalar]] }]);
    expect(await contentOf(`? ${scalar}\n: value\n`)).toEqual({ map: [[scalar, 'value']] });
  });

  it.each([
    ['an escaped quote', `- "a\\"b"`, 'a"b'],
    ['a Unicode escape', '- "\\u00e9"', 'é'],
    ['a doubled quote', `- 'it''s'`, `it's`],
    ['an empty string in quotes', '- ""', ''],
    ['a literal block', '- |\n  a\n  b\n', 'a\nb\n'],
    ['a folded block', '- >-\n  a\n  b\n', 'a b'],
    ['words over two lines', '- a\n  b\n', 'a b'],
    ['the tag !!str', '- !!str 1.0', '1.0'],
    ['the tag !', '- ! 1.0', '1.0'],
  ])('%s', async (_, text, expected) => {
    expect(await contentOf(text)).toEqual([expected]);
  });

  it('also in a document that says YAML 1.1', async () => {
    expect(await contentOf('%YAML 1.1\n---\n- yes\n- 0o7\n- 1_000\n')).toEqual(['yes', '0o7', '1_000']);
  });
});

describe('nothing is an empty value:', () => {
  it.each([
    ['an empty file', '', null],
    ['blank lines', '\n\n  \n', null],
    ['comments', '# No images yet\n', null],
    ['the start of a document', '---\n', null],
    ['a byte order mark', '\ufeff', null],
    ['a key without a value', 'a:\n', { map: [['a', null]] }],
    ['a key with a comment only', 'a: # b\n', { map: [['a', null]] }],
    ['an item without a value', '-\n- a\n', [null, 'a']],
  ])('%s', async (_, text, expected) => {
    expect(await contentOf(text)).toEqual(expected);
  });
});

describe('reads as real manifests are written:', () => {
  const image = {
    map: [
      ['name', 'a'],
      ['dmap', { map: [['sha256:0', ['1', '2']]] }],
    ],
  };
  it.each([
    ['flow lists without a space', '- name: a\n  dmap:\n    "sha256:0": ["1","2"]\n'],
    [
      'a flow list over several lines',
      '- name: a\n  dmap:\n    "sha256:0": [\n      "1", # c\n      "2",\n    ]\n',
    ],
    ['block lists below unquoted digests', '- name: a\n  dmap:\n    sha256:0:\n    - "1"\n    - 2\n'],
    ['indented block lists', '- name: a\n  dmap:\n    sha256:0:\n      - "1"\n      - 2\n'],
    [
      'blank lines and comments inside',
      '# c\n- name: a # c\n\n  dmap:\n# c\n    "sha256:0":\n      # c\n\n      - 1\n # c\n      - 2 # c\n\n',
    ],
    ['CRLF', '- name: a\r\n  dmap:\r\n    "sha256:0": ["1", "2"]\r\n\r\n# c\r\n'],
    ['no newline at the end', '- name: a\n  dmap:\n    "sha256:0": ["1", "2"]'],
    ['flow maps', '[{name: a, dmap: {"sha256:0": ["1", "2"]}}]'],
    ['JSON', '[{"name":"a","dmap":{"sha256:0":["1","2"]}}]'],
    ['a dash alone in its line', '-\n  name: a\n  dmap:\n    "sha256:0": ["1", "2"]\n'],
    ['start and end of the document', '---\n- name: a\n  dmap:\n    "sha256:0": ["1", "2"]\n...\n'],
    ['comments in other scripts', '# é 你\n- name: a\n  dmap:\n    "sha256:0": ["1", "2"] # é\n'],
    ['an anchor and its alias', '- name: a\n  dmap:\n    "sha256:0": [&one "1", "2"]\n'],
  ])('%s', async (_, text) => {
    expect(await contentOf(text)).toEqual([image]);
  });

  it('keys that occur twice, in order', async () => {
    expect(await contentOf('a: 1\nb: 2\na: 3\n')).toEqual({
      map: [
        ['a', '1'],
        ['b', '2'],
        ['a', '3'],
      ],
    });
  });

  it('aliases as what they stand for, the nearest anchor before them', async () => {
    expect(await contentOf('- &a [x, &b y]\n- *a\n- &b z\n- {*b : *b}\n')).toEqual([
      ['x', 'y'],
      ['x', 'y'],
      'z',
      { map: [['z', 'z']] },
    ]);
  });
});

it('knows the line of every value', async () => {
  const { root } = await parseYaml('# c\n- name: a\n  tags:\n  - x\n\n  - "y"\n  none:\n- [p,\n   q]\n');
  expect(root).toEqual({
    kind: 'list',
    line: 2,
    items: [
      {
        kind: 'map',
        line: 2,
        entries: [
          { key: 'name', line: 2, value: { kind: 'string', line: 2, value: 'a' } },
          {
            key: 'tags',
            line: 3,
            value: {
              kind: 'list',
              line: 4,
              items: [
                { kind: 'string', line: 4, value: 'x' },
                { kind: 'string', line: 6, value: 'y' },
              ],
            },
          },
          { key: 'none', line: 7, value: { kind: 'empty', line: 7 } },
        ],
      },
      {
        kind: 'list',
        line: 8,
        items: [
          { kind: 'string', line: 8, value: 'p' },
          { kind: 'string', line: 9, value: 'q' },
        ],
      },
    ],
  });
});

describe('reports with line and column', () => {
  it.each([
    ['a list that is not closed', '- a\n- [b,\n  c\n', 4, 1, /^malformed YAML: .*\]/],
    ['a missing comma', '- [a b, "c" "d"]\n', 1, 13, /^malformed YAML: Missing ,/],
    ['a quote that is not closed', '- a\n- "b\n', 3, 1, /^malformed YAML: .*quote/],
    ['wrong indentation', 'a:\n  b: 1\n c: 2\n', 3, 1, /^malformed YAML: All mapping items/],
    ['two keys in one line', 'a: b: c\n', 1, 4, /^malformed YAML: Nested mappings/],
    ['a tab as indentation', 'a:\n\t- b\n', 2, 1, /^malformed YAML: .*[Tt]ab/],
    ['text after a list', '- a\nb: c\n', 2, 1, /^malformed YAML: /],
    ['an unknown tag', '- a\n- !!int 5\n', 2, 3, /^malformed YAML: Unresolved tag: tag:yaml.org,2002:int$/],
    ['a tag of an application', '- !env NAME\n', 1, 3, /Unresolved tag: !env/],
    ['an alias without an anchor', '- a\n- *b\n', 2, 3, /^the alias \*b has no anchor before it$/],
    ['an alias inside its own anchor', '- &a [x, *a]\n', 1, 10, /^the alias \*a has no anchor before it$/],
    ['a merge key', '- &a {b: c}\n- <<: *a\n', 2, 3, /^merge keys \("<<"\) are not supported/],
    ['a key that is a list', '- [a]: b\n', 1, 3, /^a key must be a string$/],
    ['a second document', 'a: b\n---\nc: d\n', 3, 1, /^the file has more than one YAML document$/],
    ['a control character', 'a: b\nc: d\u0000\n', 2, 5, /^control character 0x00$/],
    [
      'a control character that has a meaning in the library',
      '- \u0018a\n',
      1,
      3,
      /^control character 0x18$/,
    ],
  ])('%s', async (_, text, line, column, message) => {
    expect(await errorOf(text)).toEqual({ line, column, message: expect.stringMatching(message) });
  });

  it('a short message, however long the text is that it is about', async () => {
    for (const text of [
      `%${'x'.repeat(10_000)}\n`,
      `a: |${'x'.repeat(10_000)}\n`,
      `- !${'x'.repeat(10_000)} a\n`,
    ]) {
      expect((await errorOf(text))?.message.length).toBeLessThan(300);
    }
  });

  it('several errors of one file, one for each line', async () => {
    const { errors } = await parseYaml('a: b: c\nd: e\nf: g: h\n');
    expect(errors.map(({ line }) => line)).toEqual([1, 3]);
  });
});

describe('is bounded:', () => {
  it('a billion laughs', async () => {
    const lines = ['- &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]'];
    for (let level = 1; level < 12; level += 1) {
      lines.push(`- &a${level} [${Array.from({ length: 9 }, () => `*a${level - 1}`).join(', ')}]`);
    }
    expect(await errorOf(lines.join('\n'))).toMatchObject({
      line: 7,
      message: expect.stringMatching(/^aliases repeat more than/),
    });
  });

  it('many aliases of a large list', async () => {
    const text = `- &a [${'x, '.repeat(1000)}]\n${'- *a\n'.repeat(1001)}`;
    expect((await errorOf(text))?.message).toMatch(/^aliases repeat more than 1000000 values/);
  });

  it.each([
    ['flow lists', '[', ']'],
    ['flow maps', '{a: ', '}'],
    ['lists in one line', '- ', ''],
    ['keys', '? ', ''],
  ])('nested %s', async (_, open, close) => {
    const nested = (levels: number) => `${open.repeat(levels)}x${close.repeat(levels)}`;
    expect(await parseYaml(nested(maximumYamlDepth - 2))).toBeDefined();
    const error = await errorOf(nested(100_000));
    expect(error?.message).toBe(`maps and lists are nested more than ${maximumYamlDepth} levels deep`);
  });

  it('nested lists on lines of their own', async () => {
    const nested = (levels: number) =>
      Array.from({ length: levels }, (_, level) => `${' '.repeat(level)}-\n`).join('');
    expect((await parseYaml(nested(maximumYamlDepth))).errors).toEqual([]);
    expect(await errorOf(nested(maximumYamlDepth + 3))).toMatchObject({
      message: `maps and lists are nested more than ${maximumYamlDepth} levels deep`,
    });
  });

  it('tokens', async () => {
    const { errors } = await parseYaml(`[é${',a'.repeat(maximumYamlTokens)}]`);
    expect(errors).toMatchObject([
      { line: 1, message: `the file has more than ${maximumYamlTokens} YAML tokens` },
    ]);
  });
});

describe('takes time in proportion to the text, whatever it is: a time-out says otherwise', () => {
  it.each(['}', '- - \n', '[a: b],', '"a', '&a ', '<<: *a\n'])('%j', async (unit) => {
    const { root } = await parseYaml(unit.repeat(Math.ceil(100_000 / unit.length)));
    expect(root).toBeDefined();
  });
});

it('never throws, whatever the text', async () => {
  const pieces = fc.constantFrom(
    ...[
      '- ',
      '? ',
      ': ',
      'a',
      'b: ',
      '"',
      "'",
      '[',
      ']',
      '{',
      '}',
      ',',
      '\n',
      '\n  ',
      ' ',
      '#',
      '&a ',
      '*a',
      '!a ',
    ],
    ...[
      '|',
      '>',
      '%',
      '---',
      '...',
      '\t',
      '\r',
      '\\',
      '~',
      '<<',
      '\ufeff',
      'é',
      '\u0000',
      '\ud800',
      '@',
      '`',
    ],
  );
  const texts = fc.oneof(
    fc.array(pieces, { maxLength: 40 }).map((parts) => parts.join('')),
    fc.string({ unit: 'binary' }),
  );
  await fc.assert(
    fc.asyncProperty(texts, async (text) => {
      const { errors } = await parseYaml(text);
      for (const { line, column } of errors) {
        expect(line).toBeGreaterThanOrEqual(1);
        expect(column).toBeGreaterThanOrEqual(1);
      }
    }),
    { numRuns: 2000 },
  );
});
