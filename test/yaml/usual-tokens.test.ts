// What is converted without the composer of the library is what the composer accepts, with the same values and lines.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { composedOf, usualOf } from './composed.ts';

const digest = `sha256:${'0'.repeat(64)}`;
const image = `- name: a\n  dmap:\n    "${digest}": ["1.0", '2', latest]\n    ${digest}: []\n`;
const manifest = `# Images\n\nregistries:\n- name: a.test/x # source\n  src: true\n\n- name: b.test:5000/y\nimages:\n${image}${image}`;

/** As long a key as its colon may be away, with or without one character more. */
const longKey = (length: number) => `${'k'.repeat(length)}: v\n`;

describe('is converted without the composer:', () => {
  it.each([
    ['a thin manifest', image],
    ['a plain manifest', manifest],
    ['CRLF', manifest.replaceAll('\n', '\r\n')],
    ['no newline at the end', image.trimEnd()],
    ['the start of a document', `---\n${manifest}`],
    ['comments and blank lines', manifest.replaceAll('\n', ' # c\n\n  # d\n# e\n')],
    ['comments after the last entries', 'a:\n  b:\n  - c\n  - d\n  # e\n # f\n# g\n'],
    ['indented lists', 'a:\n  - b\n  - c: d\n    e: f\n\n  # g\n'],
    ['lists in lists', '- - a\n  - b\n-\n  - c\n'],
    ['lists on lines below a key', 'a:\n- b\nc:\n  - d\n'],
    ['a space before a colon', 'a : b\n"c" : d\n'],
    ['empty values', '-\n- # c\n\n- a:\n  b: # d\n\n  e:\n\n\n- \n'],
    ['quoted text', `- "a 'b' # \t c "\n- 'it''s "d" \\'\n- ""\n- ''\n`],
    ['a flow list over several lines', 'a: [ # b\n  "c", # d\n  e ,\n\n  [f, g] # h\n ]\n'],
    ['trailing commas', '[a, [b,], [ ], {c: d, } ,]\n'],
    ['flow maps', '{a: b, "c": [d], e: {}, f:\n  g}\n'],
    ['JSON', JSON.stringify([{ name: 'a', dmap: { [digest]: ['1', '2'] } }], null, 2)],
    ['dense JSON', '[{"name":"a","dmap":{"b":["1","2"],"c":[]}}]'],
    ['the longest key', `a: b # ${'c'.repeat(2000)}\n# d\n${longKey(1024)}`],
    ['keys that occur twice', 'a: 1\na: 2\n'],
    ['one word', 'a'],
  ])('%s', (_, text) => {
    const { root, end, documents, problems } = composedOf(text);
    expect({ documents, problems }).toEqual({ documents: 1, problems: [] });
    expect(usualOf(text)).toEqual({ root, end });
  });
});

describe('is left to the composer:', () => {
  it.each([
    ['no document', '# a\n'],
    ['two documents', 'a\n---\nb\n'],
    ['two documents, of which the first is unusual', '&a b\n---\nc\n'],
    ['the end of a document', 'a\n...\n'],
    ['a directive', '%YAML 1.1\n---\na\n'],
    ['a map on the line of the start of a document', '--- a: b\n'],
    ['an anchor', '- &a b\n'],
    ['an anchor on a map', 'a: &b\n  c: d\n'],
    ['an alias', '- *a\n'],
    ['a tag', '- !a b\n'],
    ['a block scalar', 'a: |\n  b\n'],
    ['an escape', '- "a\\n"\n'],
    ['text over two lines', '- a\n  b\n'],
    ['quoted text over two lines', '- "a\n  b"\n'],
    ['an explicit key', '? a\n: b\n'],
    ['an explicit key in a flow map', '{? a : b}\n'],
    ['a key that is a list', '[a]: b\n'],
    ['a key that is an alias', '*a : b\n'],
    ['a pair in a flow list', '[a: b]\n'],
    ['a merge key', '<<: a\n'],
    ['a merge key in a flow map', '{"<<": a}\n'],
    ['a tab as indentation', 'a:\n\t- b\n'],
    ['a tab before a value', 'a:\tb\n'],
    ['a value without a key', ': a\n'],
    ['a key without a value', 'a: b\nc\n'],
    ['a key without a value in a flow map', '{a}\n'],
    ['a key at another column', 'a:\n  b: c\n d: e\n'],
    ['two keys in one line', 'a: b: c\n'],
    ['a list in the line of its key', 'a: - b\n'],
    ['a key whose colon is too far away', longKey(1025)],
    ['a key that is too far away behind blank lines', `a:\n  b:\n${'\n'.repeat(1100)}c: d\n`],
    ['a list without an indicator', '- a\n b\n'],
    ['a comment without a space before it', '- "a"#b\n'],
    ['a comment behind a comma', '[a,#b\nc]\n'],
    ['text behind a list', '[a] b\n'],
    ['a list that is not closed', '[a\n'],
    ['a list that is closed as a map', '[a}\n'],
    ['a map that is closed as a list', '{a: b]\n'],
    ['a missing comma', '["a" "b"]\n'],
    ['an empty value in a flow map', '{a: , b: c}\n'],
    ['a comma too many', '[a,,b]\n'],
    ['a comma at the start', '[,a]\n'],
    ['a block in a flow list', '[\n- a\n]\n'],
    ['a double quote that is not closed', '- "a\n'],
    ['a double quote alone', '- "'],
    ['a single quote that is not closed', "- 'a\n"],
    ['a single quote alone', "- '"],
    ['a reserved character', '- @a\n'],
    ['a percent sign', '- %a\n'],
    ['a comma in front', '- ,a\n'],
    ['a closing bracket', '- ]\n'],
  ])('%s', (_, text) => {
    expect(usualOf(text)).toBeUndefined();
  });
});

it('whatever the text is, what is converted is what the composer accepts, and the same', () => {
  const indents = fc.constantFrom('', '', '  ', '    ', '- ', '  - ', '-   ', '\t', '? ');
  const parts = fc.constantFrom(
    ...['a', 'b c', '"d"', "'e'", "''", '"f', "g'", '\\', '"\\t"', '&h ', '*h', '!i ', '|', '>', '%', '@'],
    ...[
      ': ',
      ':',
      ': ',
      ' : ',
      ', ',
      ',',
      '[',
      ']',
      '{',
      '}',
      '[j, "k"]',
      '{l: m}',
      '[]',
      '{}',
      '<<',
      '-',
      '?',
    ],
    ...[' # n', '#o', '# p', ' ', '\t', '\r', '---', '...', 'é', '\ufeff', '\n', '\n\n', '\n  '],
  );
  const usualParts = fc.constantFrom(
    'a',
    'b: c',
    '"d": [e, "f"]',
    'g:',
    "'h'",
    '[i]',
    '{j: k}',
    '',
    '# l',
    'm: # n',
    'o : p',
  );
  const line = fc
    .tuple(
      indents,
      fc.oneof(
        { weight: 12, arbitrary: usualParts },
        fc.array(parts, { maxLength: 5 }).map((each) => each.join('')),
      ),
    )
    .map((each) => each.join(''));
  const text = fc
    .tuple(fc.array(line, { maxLength: 10 }), fc.constantFrom('\n', '\n', '\r\n', ' # q\n', '\n\n'))
    .map(([lines, newline]) => lines.join(newline));
  let usual = 0;
  fc.assert(
    fc.property(text, (yaml) => {
      const result = usualOf(yaml);
      if (result) {
        usual += 1;
        const { root, end, documents, problems } = composedOf(yaml);
        expect({ ...result, documents, problems }).toEqual({ root, end, documents: 1, problems: [] });
      }
    }),
    { numRuns: 5000 },
  );
  expect(usual).toBeGreaterThan(300);
});
