// Lists of tags, repositories and referrers: only from the registry itself, to their end, and within bounds.
import { describe, expect, it } from 'vitest';
import { errorText } from '../../src/errors.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { hintFor } from '../../src/process/hints.ts';
import { listRepositories } from '../../src/registry/catalog.ts';
import { isMissing } from '../../src/registry/manifest-endpoint.ts';
import { nextPage } from '../../src/registry/paged-list.ts';
import { listReferrers } from '../../src/registry/referrer-list.ts';
import { listTags } from '../../src/registry/tag-list.ts';
import type { Session } from '../../src/transport/session.ts';
import type { ReceivedRequest } from '../support/exchange.ts';
import { startRecordingServer } from '../support/recording-server.ts';
import { errorReply, type Reply } from '../support/reply.ts';
import { openTestSession } from '../support/test-session.ts';

const subject = digestOf(Buffer.from('subject'));

interface Kind {
  readonly of: string;
  readonly path: string;
  read(session: Session): Promise<unknown>;
  /** The body of a page; a name may be padded. */
  body(names: readonly string[]): string;
}

const kinds: readonly Kind[] = [
  {
    of: 'tags',
    path: '/v2/app/tags/list',
    read: listTags,
    body: (tags) => JSON.stringify({ tags }),
  },
  {
    of: 'repositories',
    path: '/v2/_catalog',
    read: (session) => listRepositories(session, ''),
    body: (repositories) => JSON.stringify({ repositories }),
  },
  {
    of: 'referrers',
    path: `/v2/app/referrers/${subject}`,
    read: (session) => listReferrers(session, subject),
    body: (names) => {
      const digest = digestOf(Buffer.from('x'));
      return JSON.stringify({ manifests: names.map((mediaType) => ({ mediaType, size: 1, digest })) });
    },
  },
];

/** The outcome of reading a list, as a user sees it, and the server. */
async function outcomeOf(kind: Kind, answer: (request: ReceivedRequest) => Reply) {
  const server = await startRecordingServer({
    answer: (request) => (request.path === '/v2/' ? { status: 200 } : answer(request)),
  });
  const session = await openTestSession(`${server.host}/app`);
  const error = await kind.read(session).then(
    () => undefined,
    (caught: unknown) => caught,
  );
  const requests = server.journal.requests.length - 1;
  await server.close();
  return { error, text: errorText(error), hint: hintFor(error), requests };
}

const page = (body: string, link?: string): Reply => ({
  status: 200,
  headers: link === undefined ? {} : { link },
  body,
});
/** Every page links to one that was not requested before. */
const furtherPage = (body: string, { query }: ReceivedRequest, padding = '') =>
  page(body, `<?p=${Number(query.get('p') ?? 0) + 1}${padding}>`);

describe.each(kinds)('a list of $of', (kind) => {
  const empty = kind.body([]);

  it.each<[string, (request: ReceivedRequest) => Reply]>([
    ['to the same page', ({ path, query }) => page(empty, `<${path}?${query}>`)],
    ['to two pages in turn', ({ query }) => page(empty, query.get('p') === '1' ? '<?p=2>' : '<?p=1>')],
  ])('that links %s fails at once as one without an end', async (_name, answer) => {
    const { text, hint, requests } = await outcomeOf(kind, answer);
    expect(text).toContain(`the list of ${kind.of} does not end`);
    expect(hint).toBe('the registry names one more page again and again; ask its operators');
    expect(requests).toBeLessThan(5);
  });

  it('fails as too long when its pages have too many bytes together', async () => {
    const { text, hint, requests } = await outcomeOf(kind, (request) =>
      furtherPage(kind.body(['a'.repeat(7 << 20)]), request),
    );
    expect(text).toMatch(new RegExp(`the list of ${kind.of} is too long: it has more than 16777216 bytes$`));
    expect(hint).toContain(`delete ${kind.of} that are not needed`);
    expect(requests).toBe(3);
  });

  it('fails when one page is too large, and names the limit', async () => {
    const { text } = await outcomeOf(kind, () => page(kind.body(['a'.repeat(8 << 20)])));
    expect(text).toMatch(
      new RegExp(`this page of the list of ${kind.of} is too large: body exceeds 8388608 byte limit$`),
    );
  });

  it('is not continued on another host', async () => {
    await using other = await startRecordingServer({ answer: () => page(empty) });
    const { text } = await outcomeOf(kind, () => page(empty, `<${other.url}${kind.path}?last=a>`));
    expect(text).toContain(`the next page of ${kind.of} is on ${other.url}, not on the registry`);
    expect(other.journal.requests).toHaveLength(0);
  });

  it.each([400, 404, 405])('is not missing or unsupported when a later page gets %i', async (status) => {
    const { error, text } = await outcomeOf(kind, ({ query }) =>
      query.has('last')
        ? errorReply(status, 'NAME_UNKNOWN', 'unknown')
        : page(empty, '<?last=a>; rel="next"'),
    );
    expect(isMissing(error)).toBe(false);
    expect(text).toMatch(new RegExp(`^page 2 of the list of ${kind.of}: GET .*NAME_UNKNOWN`));
  });

  it('that is the web page of a proxy is reported as that', async () => {
    const html = { 'content-type': 'text/html' };
    const { text } = await outcomeOf(kind, () => ({ status: 200, headers: html, body: '<html>log in' }));
    expect(text).toContain(`the response is a web page (text/html), not a list of ${kind.of}`);
  });
});

describe('a list of tags is too long', () => {
  it.each<[string, string, number, readonly string[], string]>([
    ['after 10,000 pages', '10000 pages', 10_001, [], ''],
    [
      'after 1,500,000 tags, however short',
      '1500000 entries',
      16,
      Array.from({ length: 100_000 }, () => 'a'),
      '',
    ],
    ['after 16 MiB of links', '16777216 bytes', 336, [], 'x'.repeat(50_000)],
  ])('%s', async (_name, bound, expected, tags, padding) => {
    const [kind] = kinds as [Kind];
    const { text, requests } = await outcomeOf(kind, (request) =>
      furtherPage(kind.body(tags), request, `&x=${padding}`),
    );
    expect(text).toMatch(new RegExp(`the list of tags is too long: it has more than ${bound}$`));
    expect(requests).toBe(expected);
  });
});

describe('the link to the next page', () => {
  const origin = 'https://registry:5000';
  const list = `${origin}/v2/app/tags/list`;
  const url = `${list}?n=2`;

  it.each<[string, string | undefined]>([
    ['', undefined],
    ['<>; rel="next"', undefined],
    ['</v2/app/tags/list?last=b>; rel="next"', `${origin}/v2/app/tags/list?last=b`],
    ['</v2/app/tags/list?last=b>', `${origin}/v2/app/tags/list?last=b`],
    ['<?last=b&n=2>; rel=next', `${origin}/v2/app/tags/list?last=b&n=2`],
    ['<list?last=b>', `${origin}/v2/app/tags/list?last=b`],
    [`<${origin}/x?last=b>, <https://elsewhere/>`, `${list}?last=b`],
    ['</repository/inner/v2/app/tags/list?last=b&n=2>; rel="next"', `${list}?last=b&n=2`],
    ['<http://registry:5000/v2/app/tags/list?last=b>', `${list}?last=b`],
    ['</first>; rel="prev", </second>; rel="next"', `${origin}/first`],
  ])('%s refers to %s', (link, expected) => {
    expect(nextPage({ of: 'tags', url: list }, url, link)).toBe(expected);
  });

  it.each([
    'http://registry/v2/',
    'https://registry/v2/',
    'https://registry:5001/v2/',
    '//elsewhere/v2/',
    'https://registry:5000@elsewhere/',
    'https://REGISTRY:5000/',
  ])('to %s is refused because it is not on the registry', (target) => {
    expect(() => nextPage({ of: 'tags', url: list }, url, `<${target}>`)).toThrow('not on the registry');
  });

  it.each(['/v2/app/tags/list', '</v2/app', ' <x>', 'rel="next"; <x>'])(
    '%j is refused as malformed',
    (link) => {
      expect(() => nextPage({ of: 'tags', url: list }, url, link)).toThrow(
        'Link header of the response is malformed',
      );
    },
  );
});
