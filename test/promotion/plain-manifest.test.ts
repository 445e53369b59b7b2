// Plain promotion manifests: what they mean, and every rule of their validation with its line.
import { describe, expect, it } from 'vitest';
import { digestNumber, readPlain, registriesYaml } from './manifest-files.ts';

const d1 = digestNumber(1);
const d2 = digestNumber(2);
const registries = registriesYaml('r.example/staging', 'r.example/prod');

/** The images of a manifest whose list of images begins on line 7. */
async function readImages(images: string) {
  const { manifests, ...problems } = await readPlain(`# Images\n${registries}images:\n${images}`);
  return { ...problems, images: manifests[0]?.images };
}

it('reads a source, destinations and images with the lines of digests and tags', async () => {
  const text = `registries:
- name: registry.example/staging
  src: true
- name: registry.example:5000/prod
  service-account: robot@example
- name: mirror.example
  src: false
images:
- name: team/apple
  dmap:
    "${d1}": ["1.1","latest"]
    ${d2}:
      - 1.10

`;
  const { manifests, errors, warnings } = await readPlain(text);
  expect({ errors, warnings }).toEqual({ errors: [], warnings: [] });
  const file = expect.stringMatching(/\/m\.yaml$/);
  expect(manifests).toEqual([
    {
      file,
      source: { name: 'registry.example/staging', file, line: 2 },
      destinations: [
        { name: 'registry.example:5000/prod', serviceAccount: 'robot@example', file, line: 4 },
        { name: 'mirror.example', file, line: 6 },
      ],
      images: [
        {
          name: 'team/apple',
          digests: [
            { digest: d1, tags: ['1.1', 'latest'], file, line: 11 },
            { digest: d2, tags: ['1.10'], file, line: 12, tagLines: [13] },
          ],
        },
      ],
    },
  ]);
});

describe('a tag is a string exactly as it is written:', () => {
  it.each(['1.0', '1.10', '0x10', '1e3', '010', 'yes', 'no', 'null', 'true', '_1', '20240101', '1_000'])(
    '%s',
    async (tag) => {
      const { images, errors } = await readImages(`- name: a\n  dmap:\n    ${d1}: [${tag}]\n`);
      expect(errors).toEqual([]);
      expect(images?.[0]?.digests[0]?.tags).toEqual([tag]);
    },
  );
});

describe('promotes by digest, without a tag,', () => {
  it.each([
    ['an empty list', '[]'],
    ['no value', ''],
  ])('%s', async (_, tags) => {
    const { images, errors } = await readImages(`- name: a\n  dmap:\n    "${d1}": ${tags}\n`);
    expect(errors).toEqual([]);
    expect(images?.[0]?.digests).toMatchObject([{ digest: d1, tags: [] }]);
  });
});

describe('merges', () => {
  it('an image that occurs several times', async () => {
    const { images, errors } = await readImages(
      `- name: a\n  dmap:\n    ${d1}: ["1"]\n- name: b\n  dmap:\n    ${d1}: ["1"]\n- name: a\n  dmap:\n    ${d2}: ["2"]\n`,
    );
    expect(errors).toEqual([]);
    expect(images).toMatchObject([
      { name: 'a', digests: [{ digest: d1 }, { digest: d2 }] },
      { name: 'b', digests: [{ digest: d1 }] },
    ]);
  });

  it('a digest that occurs twice, in one map or in two', async () => {
    const { images, errors } = await readImages(
      `- name: a\n  dmap:\n    ${d1}: ["1"]\n    ${d1}: ["2", "1"]\n- name: a\n  dmap:\n    ${d1}: ["3"]\n`,
    );
    expect(errors).toEqual([]);
    expect(images).toMatchObject([
      { name: 'a', digests: [{ digest: d1, tags: ['1', '2', '3'], line: 9, tagLines: [9, 10, 13] }] },
    ]);
  });
});

describe('reports about images', () => {
  const valid = `  dmap:\n    ${d1}: ["1"]\n`;
  it.each([
    ['an unknown key', `- name: a\n  dmaps: x\n${valid}`, '8: unknown key "dmaps": did you mean dmap?'],
    [
      'a key that occurs twice',
      `- name: a\n  name: b\n${valid}`,
      '8: the key "name" is there twice: first on line 7',
    ],
    ['an item that is not a map', '- a\n', '7: an image must be a map with the keys name and dmap'],
    ['an absent name', `-\n${valid}`, '8: an image has no name'],
    ['an empty name', `- name: ""\n${valid}`, '7: the name of an image is empty'],
    ['a name without a value', `- name:\n${valid}`, '7: the name of an image is empty'],
    ['a name that is a list', `- name: [a]\n${valid}`, '7: the name of an image must be a string'],
    [
      'a name in upper case',
      `- name: Foo\n${valid}`,
      '7: the name of an image is not valid: repository can only contain the characters `abcdefghijklmnopqrstuvwxyz0123456789_-./`: Foo (repository names are lower-case: foo)',
    ],
    [
      'a name with an empty part',
      `- name: a//b\n${valid}`,
      '7: the name of an image is not valid: "a//b" has an empty, "." or ".." part',
    ],
    [
      'a name that leads upwards',
      `- name: ../b\n${valid}`,
      '7: the name of an image is not valid: "../b" has an empty, "." or ".." part',
    ],
    ['an absent dmap', '- name: a\n', '7: image a has no dmap'],
    [
      'an empty dmap',
      '- name: a\n  dmap: {}\n',
      '8: the dmap of image a must be a map with at least one digest',
    ],
    [
      'a dmap without a value',
      '- name: a\n  dmap:\n',
      '8: the dmap of image a must be a map with at least one digest',
    ],
    [
      'a dmap that is a list',
      `- name: a\n  dmap:\n  - ${d1}\n`,
      '8: the dmap of image a must be a map with at least one digest',
    ],
    [
      'a digest without its first letter',
      `- name: a\n  dmap:\n    "${d1.slice(1)}": ["1"]\n`,
      `9: a digest must be "sha256:" and 64 lower-case hexadecimal digits, not "${d1.slice(1)}"`,
    ],
    [
      'a digest in upper case',
      `- name: a\n  dmap:\n    ${d1.replace(/1$/, 'A')}: ["1"]\n`,
      `9: a digest must be "sha256:" and 64 lower-case hexadecimal digits, not "${d1.replace(/1$/, 'A')}"`,
    ],
    [
      'tags that are a string',
      `- name: a\n  dmap:\n    ${d1}: v1\n`,
      `9: the tags of "${d1}" must be a list, such as ["v1"]`,
    ],
    [
      'tags that are a map',
      `- name: a\n  dmap:\n    ${d1}:\n      v1: x\n`,
      `10: the tags of "${d1}" must be a list`,
    ],
    [
      'a tag that is a list',
      `- name: a\n  dmap:\n    ${d1}:\n    - a\n    - [b]\n`,
      '11: a tag must be a string',
    ],
    ['a tag without a value', `- name: a\n  dmap:\n    ${d1}:\n    - a\n    -\n`, '11: a tag is empty'],
    ['an empty tag', `- name: a\n  dmap:\n    ${d1}: [""]\n`, '9: the tag "" is not valid: '],
    [
      'a tag that begins with a dot',
      `- name: a\n  dmap:\n    ${d1}: [".1"]\n`,
      '9: the tag ".1" is not valid: ',
    ],
    ['the tag ~', `- name: a\n  dmap:\n    ${d1}: [~]\n`, '9: the tag "~" is not valid: '],
    ['a tag with a plus', `- name: a\n  dmap:\n    ${d1}: ["1+2"]\n`, '9: the tag "1+2" is not valid: '],
    ['a tag of 129 characters', `- name: a\n  dmap:\n    ${d1}: [${'a'.repeat(129)}]\n`, '9: the tag "aaa'],
    [
      'a tag on two digests',
      `- name: a\n  dmap:\n    ${d1}: ["1"]\n    ${d2}:\n    - "1"\n`,
      `11: the tag 1 of image a is on two digests: ${d1} (line 9) and ${d2}`,
    ],
    [
      'a tag on two digests of an image that occurs twice',
      `- name: a\n  dmap:\n    ${d1}: ["1"]\n- name: a\n  dmap:\n    ${d2}: ["1"]\n`,
      `12: the tag 1 of image a is on two digests: ${d1} (line 9) and ${d2}`,
    ],
    [
      'a name that is too long only below its registries',
      `- name: ${'a'.repeat(251)}\n${valid}`,
      '7: the name of an image is not valid below its registries: repository must be between 2 and 255 characters in length: ',
    ],
  ])('%s', async (_, images, error) => {
    const { errors } = await readImages(images);
    expect(errors).toEqual([expect.stringContaining(error)]);
    expect(errors[0]?.startsWith(error)).toBe(true);
  });

  it.each([
    ['a tag of 128 characters', `- name: a\n  dmap:\n    ${d1}: [${'a'.repeat(128)}]\n`],
    ['one digest under two names', `- name: a\n${valid}- name: b\n${valid}`],
    ['the same tag twice on one digest', `- name: a\n  dmap:\n    ${d1}: ["1", "1"]\n`],
    ['a name of one character below a path', `- name: a\n${valid}`],
    ['no image at all', ''],
  ])('nothing of %s', async (_, images) => expect((await readImages(images)).errors).toEqual([]));
});

describe('reports about registries', () => {
  const images = `images:\n- name: ab\n  dmap:\n    ${d1}: ["1"]\n`;
  const source = '- name: r.example/staging\n  src: true\n';
  const destination = '- name: r.example/prod\n';
  it.each([
    [
      'a registry with an unknown key',
      `${source}${destination}  serviceaccount: x\n`,
      ['5: unknown key "serviceaccount": did you mean service-account?'],
    ],
    [
      'a registry that is not a map',
      `${source}${destination}- r.example/other\n`,
      ['5: a registry must be a map with the key name'],
    ],
    [
      'a registry without a name',
      `${source}${destination}- service-account: x\n`,
      ['5: a registry has no name'],
    ],
    ['an empty name', `${source}- name: ""\n`, ['4: the name of a registry is empty']],
    ['a name that is a map', `${source}- name: {a: b}\n`, ['4: the name of a registry must be a string']],
    [
      'a URL',
      `${source}- name: https://r.example/prod\n`,
      [
        '4: the name of a registry is not valid: "https://r.example/prod" is a URL, not a repository name (leave out the scheme)',
      ],
    ],
    [
      'a name with a slash at the end',
      `${source}- name: r.example/prod/\n`,
      ['4: the name of a registry is not valid: "r.example/prod/" has an empty, "." or ".." part'],
    ],
    [
      'a name with a tag',
      `${source}- name: r.example/prod:1\n`,
      [
        expect.stringContaining(
          '4: the name of a registry is not valid: repository can only contain the characters',
        ),
      ],
    ],
    [
      'a path in upper case',
      `${source}- name: r.example/Prod\n`,
      [expect.stringMatching(/^4: the name .*: Prod \(repository names are lower-case: r\.example\/prod\)$/)],
    ],
    [
      'a service account that is a list',
      `${source}${destination}  service-account: [x]\n`,
      ['5: service-account must be a string'],
    ],
    [
      'a src that is neither true nor false',
      `${source}${destination}  src: maybe\n`,
      ['5: src must be true or false, not "maybe"'],
    ],
    ['a src without a value', `${source}${destination}  src:\n`, ['5: src must be true or false']],
    ['no source', destination, ['1: no registry has "src: true": exactly one must be the source']],
    [
      'two sources',
      `${source}- name: r.example/other\n  src: true\n${destination}`,
      ['4: two registries have "src: true": r.example/staging is the source already (line 2)'],
    ],
    ['no destination', source, ['1: no destination: all registries but the source are destinations']],
    ['no registry', '  []\n', ['1: no registry has "src: true": exactly one must be the source']],
    [
      'registries that are a map',
      '  name: r.example\n',
      ['1: registries must be a list of maps with the key name'],
    ],
    ['registries without a value', '', ['1: registries must be a list of maps with the key name']],
  ])('%s', async (_, list, errors) => {
    expect((await readPlain(`registries:\n${list}${images}`)).errors).toEqual(errors);
  });

  it('a name of one character that is a whole repository', async () => {
    const text = `registries:\n${source}- name: r.example\nimages:\n- name: a\n  dmap:\n    ${d1}: []\n`;
    expect((await readPlain(text)).errors).toEqual([
      '6: the name of an image is not valid below its registries: repository must be between 2 and 255 characters in length: a (write the whole name, for example "registry.example.com/team/app")',
    ]);
  });

  it.each([
    ['destinations inside each other', `${source}${destination}- name: r.example/prod/sub\n`],
    ['a destination below the source', `${source}- name: r.example/staging/prod\n`],
    ['a destination above the source', `${source}- name: r.example\n`],
    ['registries with ports', '- name: localhost:5000\n  src: True\n- name: 127.0.0.1:5001/a\n'],
    ['a name without a host, on Docker Hub', `${source}- name: team\n`],
  ])('nothing of %s', async (_, list) => {
    const { errors, warnings } = await readPlain(`registries:\n${list}${images}`);
    expect({ errors, warnings }).toEqual({ errors: [], warnings: [] });
  });

  it('warns of a destination that is listed twice, and uses it once', async () => {
    const text = `registries:\n${source}- name: docker.io/team\n- name: index.docker.io/team\n${images}`;
    const { manifests, errors, warnings } = await readPlain(text);
    expect(errors).toEqual([]);
    expect(warnings).toEqual(['5: the destination index.docker.io/team is listed twice: first on line 4']);
    expect(manifests[0]?.destinations.map(({ name }) => name)).toEqual(['docker.io/team']);
  });

  it('warns of a destination that is the source', async () => {
    const { errors, warnings } = await readPlain(
      `registries:\n${source}- name: R.example/staging\n${images}`,
    );
    expect(errors).toEqual([]);
    expect(warnings).toEqual([
      '4: the destination R.example/staging is the source: only tags can be added there',
    ]);
  });
});

describe('reports about the file', () => {
  it.each([
    ['that is empty', '', '1: the manifest is empty: registries is missing'],
    ['with comments only', '# a\n', '1: the manifest is empty: registries is missing'],
    ['that is a list', '\n- name: a\n', '2: a manifest must be a map with the key registries'],
    ['without registries', 'images: []\n', '1: registries is missing'],
    [
      'without images',
      registries,
      '1: images is missing: a manifest without them is half of a thin one, which is read with its directory',
    ],
    [
      'with an unknown key',
      `${registries}images: []\nimage: []\n`,
      '6: unknown key "image": did you mean images?',
    ],
    [
      'with the key of thin manifests',
      `${registries}images: []\nimagesPath: a\n`,
      '6: unknown key "imagesPath": the keys are registries, images',
    ],
    [
      'with images that are a map',
      `${registries}images:\n  name: a\n`,
      '6: the images must be a list of maps with the keys name and dmap',
    ],
    [
      'that is malformed',
      `${registries}images: [\n`,
      '6: column 1: malformed YAML: Flow sequence in block collection must be sufficiently indented and end with a ]',
    ],
  ])('%s', async (_, text, error) => {
    const { errors, manifests } = await readPlain(text);
    expect(errors).toEqual([error]);
    expect(manifests.length).toBeLessThanOrEqual(1);
  });

  it('with the column of a syntax error', async () => {
    const { errors } = await readPlain('a: b: c\n');
    expect(errors).toEqual([
      '1: column 4: malformed YAML: Nested mappings are not allowed in compact mappings',
    ]);
  });
});

it('reports all errors together, by line', async () => {
  const { errors } = await readPlain(
    `registries:\n- nam: x\n- name: r.example/prod\nimages:\n- name: A\n  dmap:\n    x: [".", "-"]\n- dmap: []\nextra: 1\n`,
  );
  expect(errors.map((error) => error.split(':', 1)[0])).toEqual([
    '2',
    '2',
    '5',
    '7',
    '7',
    '7',
    '8',
    '8',
    '9',
  ]);
});
