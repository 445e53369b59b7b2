// The law of unpacking: whatever the layers hold, nothing outside the root is created, changed or removed.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { archive, type Member } from '../support/tar-builder.ts';
import { newPlace, snapshot, unpackInto } from '../support/unpacking.ts';

const part = fc.constantFrom('a', 'b', 'c', '..', '.', '', 'outside', 'secret');
const tail = fc.constantFrom(
  'a',
  'b',
  'c',
  'secret',
  '.wh.a',
  '.wh.b',
  '.wh.secret',
  '.wh..wh..opq',
  '.wh...',
  '..',
  '',
);
const path = fc.tuple(fc.constantFrom('', '/', './'), fc.array(part, { maxLength: 4 }), tail);
const name = path.map(([lead, parts, last]) => `${lead}${[...parts, last].join('/')}`);

function members(directory: string): fc.Arbitrary<Member> {
  const target = fc.oneof(
    name,
    fc.constantFrom(
      '..',
      '../outside',
      '../../outside/secret',
      join(directory, 'outside'),
      join(directory, 'outside/secret'),
    ),
  );
  const attributes = {
    mode: fc.constantFrom(0o777, 0o4755, 0),
    uid: fc.constantFrom(0, 7),
    mtime: fc.constantFrom(1, 2),
  };
  return fc.oneof(
    {
      weight: 2,
      arbitrary: fc.record({
        name,
        type: fc.constant('0'),
        content: fc.constantFrom('', 'evil'),
        ...attributes,
      }),
    },
    { weight: 2, arbitrary: fc.record({ name, type: fc.constant('5'), ...attributes }) },
    { weight: 4, arbitrary: fc.record({ name, type: fc.constant('2'), link: target, ...attributes }) },
    { weight: 2, arbitrary: fc.record({ name, type: fc.constant('1'), link: target, ...attributes }) },
  );
}

/** Names without .., so that whole sequences of entries are unpacked. */
function tame(member: Member): Member {
  const inside = (text: string) =>
    text
      .split('/')
      .filter((each) => each !== '..' && each !== '.wh...')
      .join('/');
  return {
    ...member,
    name: inside(String(member.name)) || 'a',
    ...(member.type === '1' ? { link: inside(String(member.link)) } : {}),
  };
}

test.each([
  ['names with ..', (member: Member) => member],
  ['links that lead out', tame],
])('unpacking touches nothing outside the root, whatever the layers with %s', async (_, shape) => {
  const place = newPlace();
  try {
    mkdirSync(join(place.directory, 'outside/a'), { recursive: true });
    for (const file of ['outside/secret', 'outside/a/b', 'a', 'secret']) {
      writeFileSync(join(place.directory, file), 'secret');
    }
    const before = snapshot(place.directory, place.root);
    const layers = fc.array(fc.array(members(place.directory), { maxLength: 8 }), {
      minLength: 1,
      maxLength: 3,
    });
    let complete = 0;
    await fc.assert(
      fc.asyncProperty(layers, async (given) => {
        const error = await unpackInto(
          place.root,
          given.map((each) => archive(...each.map(shape))),
        );
        complete += error === undefined ? 1 : 0;
        expect(snapshot(place.directory, place.root)).toEqual(before);
      }),
      { numRuns: 1500 },
    );
    expect(complete).toBeGreaterThan(30);
  } finally {
    place.remove();
  }
});
