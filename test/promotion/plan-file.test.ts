// Saved plans: what was saved is read again, and what was cut off, edited or made by another release is refused.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { errorHint } from '../../src/errors.ts';
import { type Digest, digestOf } from '../../src/oci/digest.ts';
import type { PlannedEdge } from '../../src/promotion/plan-edges.ts';
import { encodePlan } from '../../src/promotion/plan-file.ts';
import { readPlanContents, readPlanEdges } from '../../src/promotion/plan-reader.ts';

const now = Date.UTC(2026, 0, 2, 3, 4, 5);
const digest: fc.Arbitrary<Digest> = fc.string().map((text) => digestOf(text));
const place = fc.stringMatching(/^[a-z]{1,9}\.test(:[1-9][0-9]{1,3})?(\/[a-z0-9]{2,9}){1,3}$/);
const edges: fc.Arbitrary<PlannedEdge> = fc.record(
  {
    source: place,
    destination: place,
    digest,
    tag: fc.option(fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,20}$/)),
    action: fc.constantFrom('present', 'copy', 'tag', 'lost', 'tag-move', 'failed'),
    was: digest,
    reason: fc.string({ unit: 'grapheme' }),
  },
  { requiredKeys: ['source', 'destination', 'digest', 'tag', 'action'] },
);

/** The bytes of a text, in pieces of so many bytes. */
async function* pieces(text: string, size = 1000): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  for (let start = 0; start < bytes.length; start += size) {
    yield bytes.subarray(start, start + size);
  }
}

const planText = (...args: Parameters<typeof encodePlan>) => [...encodePlan(...args)].join('');

async function decodePlan(text: string, size?: number) {
  const { created, total } = await readPlanContents(pieces(text, size));
  return { created, total, edges: [...(await readPlanEdges(pieces(text, size), () => true))] };
}

it('a plan that was saved is read again as it was, in pieces of any size', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(edges, { maxLength: 5 }),
      fc.nat(),
      fc.integer({ min: 1, max: 300 }),
      async (list, more, size) => {
        const total = list.length + more;
        const saved = await decodePlan(planText({ edges: list, total }, now, String), size);
        expect(saved).toEqual({ created: '2026-01-02T03:04:05.000Z', edges: list, total });
      },
    ),
  );
});

it('a plan is JSON with each edge on a line of its own, below its repository', () => {
  const edge = (destination: string, tag: string): PlannedEdge => ({
    source: 'a.test/staging/app',
    destination,
    digest: digestOf('1'),
    tag,
    action: 'copy',
  });
  const list = [edge('b.test/app', '1'), edge('b.test/app', '2'), edge('c.test/app', '1')];
  const text = planText({ edges: list, total: 9 }, now, String);
  const entry = ({ digest, tag, action }: PlannedEdge) => ({ digest, tag, action });
  expect(JSON.parse(text)).toEqual({
    format: 'registry-image plan',
    version: 2,
    created: '2026-01-02T03:04:05.000Z',
    total: 9,
    repositories: [
      {
        destination: 'b.test/app',
        source: 'a.test/staging/app',
        pending: 2,
        edges: list.slice(0, 2).map(entry),
      },
      {
        destination: 'c.test/app',
        source: 'a.test/staging/app',
        pending: 1,
        edges: list.slice(2).map(entry),
      },
    ],
    checksum: expect.stringMatching(/^sha256:/),
  });
  expect(text.split('\n').filter((line) => line.startsWith('{"digest"'))).toHaveLength(3);
});

it('only the edges of the destinations that are wanted are read', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(edges, { maxLength: 8 }), async (list) => {
      const text = planText({ edges: list, total: list.length }, now, String);
      const wanted = new Set(list.slice(0, 2).map(({ destination }) => destination));
      const read = await readPlanEdges(pieces(text), (destination) => wanted.has(destination));
      expect([...read]).toEqual(list.filter(({ destination }) => wanted.has(destination)));
    }),
  );
});

it('the contents of a plan count what is to be done in each destination', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(edges, { maxLength: 8 }), async (list) => {
      const { repositories } = await readPlanContents(
        pieces(planText({ edges: list, total: list.length }, now, String)),
      );
      const names = [...new Set(list.map(({ destination }) => destination))];
      const isToDo = ({ action }: PlannedEdge) => action === 'copy' || action === 'tag';
      expect(repositories).toEqual(
        names.map((destination) => ({
          destination,
          edges: list.filter((each) => each.destination === destination && isToDo(each)).length,
        })),
      );
    }),
  );
});

const text = planText(
  {
    edges: [
      {
        source: 'a.test/staging/app',
        destination: 'b.test/prod/app',
        digest: digestOf('1'),
        tag: '1.0',
        action: 'copy',
        was: digestOf('2'),
      },
    ],
    total: 7,
  },
  now,
  String,
);

describe('is refused:', () => {
  it('a plan that is cut off anywhere', async () => {
    for (let length = 0; length < text.length - 1; length += 7) {
      await expect(decodePlan(text.slice(0, length))).rejects.toThrow(/cut off/);
    }
  });

  it('a plan that lacks a line', async () => {
    const lines = text.split('\n').slice(0, -1);
    for (const [position] of lines.entries()) {
      await expect(decodePlan(lines.toSpliced(position, 1).join('\n'))).rejects.toThrow(
        /cut off|was changed after/,
      );
    }
  });

  it('a plan that was formatted anew', async () => {
    const formatted = JSON.stringify(JSON.parse(text), null, 2);
    await expect(decodePlan(formatted)).rejects.toThrow('was formatted anew');
  });

  it.each([
    ['a digest', digestOf('1'), digestOf('3')],
    ['a tag', '"1.0"', '"1.1"'],
    ['a destination', 'b.test/prod', 'b.test/other'],
    ['what is done', '"copy"', '"tag"'],
    ['where a tag was', digestOf('2'), digestOf('3')],
    ['the number of edges', '"total":7', '"total":8'],
    ['the time', '2026-01-02', '2026-01-03'],
    ['a key more', '"total":7', '"total":7,"more":1'],
    ['what is pending', '"pending":1', '"pending":0'],
    ['a source', 'a.test/staging', 'a.test/other'],
  ])('one in which %s was changed', async (_, before, after) => {
    expect(text).toContain(before);
    await expect(decodePlan(text.replace(before, after))).rejects.toThrow(
      'the plan was changed after it was made',
    );
  });

  it.each([
    ['a list', '[]'],
    ["another tool's JSON", '{"resources": []}'],
    ['an empty file', ''],
    ['a long text', 'a'.repeat(1000)],
  ])('%s', async (_, content) => {
    await expect(decodePlan(content)).rejects.toThrow('the file is no plan of registry-image');
  });

  it('a line without end', async () => {
    const endless = `${text.split('\n', 1)[0]}\n${'a'.repeat(2 ** 20 + 1)}`;
    await expect(decodePlan(endless, 2 ** 16)).rejects.toThrow('a line of more than 1048576 characters');
  });

  it.each([
    ['line by line', text.replace('"version":2', '"version":3'), '3'],
    ['formatted', JSON.stringify({ format: 'registry-image plan', version: 1, edges: [] }, null, 1), '1'],
  ])("another release's plan, %s, with what to do", async (_, content, version) => {
    const error: unknown = await decodePlan(content).catch((thrown: unknown) => thrown);
    expect(String(error)).toContain(`the plan has version ${version}; this program carries out version 2`);
    expect(errorHint(error)).toContain('make the plan again');
  });

  const head = '{"format":"registry-image plan","version":2,"created":"x","total":1,"repositories":[';
  const repository = '{"destination":"b.test/app","source":"a.test/app","pending":1,"edges":[';
  const edge = { digest: digestOf('1'), tag: '1', action: 'copy' };
  const ofRepository = (name: string) => repository.replace('b.test/app', name);
  const edgeLines = (...members: unknown[]) => [
    head,
    repository,
    ...members.map((each) => JSON.stringify(each)),
    ']}',
    '],',
  ];

  it('none that is well-formed', async () => {
    await expect(decodePlan(withChecksum(edgeLines(edge)))).resolves.toMatchObject({ edges: [edge] });
  });

  it.each([
    [
      'fewer edges counted than there are',
      [head.replace('"total":1', '"total":0'), ...edgeLines(edge).slice(1)],
    ],
    [
      'a number of edges that is none',
      [head.replace('"total":1', '"total":1.5'), ...edgeLines(edge).slice(1)],
    ],
    ['no end of its repositories', edgeLines(edge).slice(0, -1)],
    ['lines after its end', [...edgeLines(edge), ']}']],
    ['a destination that leads elsewhere', [head, ofRepository('b.test/prod/../x'), ']}', '],']],
    ['a destination without a host', [head, ofRepository('prod'), ']}', '],']],
    ['a destination with a tag', [head, ofRepository('b.test/app:1'), ']}', '],']],
    [
      'a repository without a source',
      [head, '{"destination":"b.test/app","pending":0,"edges":[', ']}', '],'],
    ],
    ['a tag that leads elsewhere', edgeLines({ ...edge, tag: '../../../other/manifests/x' })],
    ['an empty tag', edgeLines({ ...edge, tag: '' })],
    ['a tag that is a number', edgeLines({ ...edge, tag: 1 })],
    ['an edge that is no object', edgeLines(1)],
    ['an edge without a digest', edgeLines({ tag: null, action: 'copy' })],
    ['an action that does not exist', edgeLines({ ...edge, action: 'delete' })],
    ['a place of a tag that is no digest', edgeLines({ ...edge, was: '1' })],
  ])('one with the right checksum, but with %s', async (_, lines) => {
    await expect(decodePlan(withChecksum(lines))).rejects.toThrow(
      /an edge of the plan is malformed|a repository of the plan is malformed|the plan (has|goes on)/,
    );
  });
});

function withChecksum(lines: readonly string[]): string {
  const content = lines.map((line) => `${line}\n`).join('');
  return `${content}"checksum":"${digestOf(content)}"}\n`;
}
