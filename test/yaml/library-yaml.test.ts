// Lists that are converted in pieces while the rest of the file is parsed: the result is that of the file as a whole.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readLibraryYaml } from '../../src/yaml/library-yaml.ts';

/** The result in the smallest pieces, and as a whole. */
async function readings(text: string) {
  return {
    pieces: await readLibraryYaml(text, 1),
    whole: await readLibraryYaml(text, Number.POSITIVE_INFINITY),
  };
}

const images = Array.from({ length: 9 }, (_, image) => {
  const lines = ['a', 'b'].map((digest) => `    "sha256:${digest}${image}": ["1.${image}", '2', "é\\t"]\n`);
  return `- name: image-${image}\n  dmap:\n${lines.join('')}`;
}).join('');

describe('a list that is converted in pieces is what it is as a whole, with its lines:', () => {
  it.each([
    ['of a thin manifest', images],
    ['below a key, at its column', `registries:\n- name: a\n  src: true\n- name: b\nimages:\n${images}`],
    ['indented', `images:\n${images.replaceAll(/^/gm, '  ')}`.trimEnd()],
    ['in an item of another list', `- a: 1\n- b:\n${images.replaceAll(/^/gm, '  ')}`.trimEnd()],
    ['before an item of the list around it', `- a\n-\n  - b\n  - c\n  - d\n  - e\n- f\n- g\n- h\n`],
    ['with comments and blank lines', images.replaceAll('\n', ' # c\n\n  # d\n')],
    ['with comments after the items', images.replaceAll('\n- ', '\n    # c\n# d\n- ')],
    ['with empty items', '-\n- a\n-\n\n-\n- b\n- # c\n- d\n'],
    ['as an explicit key', '? - a\n  - b\n  - c\n  - d\n: e\n'],
    ['in documents', `---\n${images}...\n`],
    ['with CRLF', images.replaceAll('\n', '\r\n')],
    ['of block scalars', '- |\n  a\n\n  b\n- >-\n  &c\n  d\n- "e\n  f"\n- g\n  h\n- i\n'],
    ['with an anchor before it', 'a: &a 1\nb:\n- *a\n- *a\n- *a\n- *a\n'],
    ['with anchors in it', '- a\n- b\n- c\n- &d e\n- f\n- g\n- *d\n- h\n- i\n'],
    ['with an anchor on the list', 'a: &a\n- b\n- c\n- d\n- e\nf: *a\n'],
    ['with tags of a directive', '%TAG !e! tag:a.test,2000:\n---\n- !e!a b\n- c\n- d\n- e\n'],
    ['with merge keys', '- a\n- {<<: b}\n- c\n- {<<: d}\n- e\n- f\n'],
    ['with an alias without anchor', '- a\n- b\n- c\n- *d\n- e\n- f\n'],
    ['with a flow list that is not closed', `- a\n- b\n- c\n- [d\n- e\n- f\n- g\n`],
    ['with keys at another column', `${images}   name: b\n${images}`],
    ['with two documents', `${images}---\n${images}`],
    ['with an unknown tag', '- a\n- b\n- !c d\n- e\n- f\n- g\n'],
  ])('%s', async (_, text) => {
    const { pieces, whole } = await readings(text);
    expect(pieces).toEqual(whole);
  });

  it('whatever the text', async () => {
    const line = fc.tuple(
      fc.constantFrom('', '  ', '    '),
      fc.constantFrom(
        '- a',
        '- b: c',
        '-',
        'd:',
        'e: f',
        '  - g',
        '- - h',
        "- 'i",
        '- [j',
        'k]',
        '# l',
        '',
        '- "m":',
        '? n',
        '- : o',
      ),
    );
    const text = fc
      .array(line, { maxLength: 24 })
      .map((lines) => lines.map((each) => each.join('')).join('\n'));
    await fc.assert(
      fc.asyncProperty(text, async (yaml) => {
        const { pieces, whole } = await readings(yaml);
        if (whole.errors.length === 0) {
          expect(pieces).toEqual(whole);
        } else {
          expect(pieces.errors.at(0)?.line).toBe(whole.errors.at(0)?.line);
        }
      }),
    );
  });
});
