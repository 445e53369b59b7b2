// The tag list: all pages in their order, from registries that are behind proxies or limit the size of a page.
import { describe, expect, it } from 'vitest';
import { errorText } from '../../src/errors.ts';
import { isMissing } from '../../src/registry/manifest-endpoint.ts';
import { listTags, parseTagPage } from '../../src/registry/tag-list.ts';
import { serverKeys } from '../support/certificates.ts';
import type { ReceivedRequest } from '../support/exchange.ts';
import { startRecordingServer } from '../support/recording-server.ts';
import { startRegistry } from '../support/registry.ts';
import { errorReply, type Reply } from '../support/reply.ts';
import { openTestSession } from '../support/test-session.ts';

function page(tags: unknown, link?: string): Reply {
  return {
    status: 200,
    headers: link === undefined ? {} : { link },
    body: JSON.stringify({ name: 'app', tags }),
  };
}

async function listOf(answer: (request: ReceivedRequest) => Reply) {
  const server = await startRecordingServer({
    answer: (request) => (request.path === '/v2/' ? { status: 200 } : answer(request)),
  });
  const session = await openTestSession(`${server.host}/app`);
  return { server, session, [Symbol.asyncDispose]: () => server.close() };
}

describe('listTags', () => {
  it.each(['relative', 'absolute'] as const)('joins the pages of %s links in their order', async (links) => {
    await using registry = await startRegistry({ pageSize: 3, links, tagOrder: 'created' });
    const tags = ['b', 'a', '10', '9', 'latest', 'x', 'y'];
    for (const tag of tags) {
      registry.putManifest('app', tag, 'text/plain', '{}');
    }
    const session = await openTestSession(`${registry.host}/app`);
    expect(await listTags(session)).toEqual(tags);
    expect(registry.journal.select({ path: /tags/ }).map(({ query }) => query.toString())).toEqual([
      'n=1000',
      'last=10&n=3',
      'last=x&n=3',
    ]);
  });

  it('follows relative links over https on a name that may be asked over http', async () => {
    await using registry = await startRegistry({ tls: serverKeys.trusted, pageSize: 1 });
    for (const tag of ['a', 'b']) {
      registry.putManifest('app', tag, 'text/plain', '{}');
    }
    expect(await listTags(await openTestSession(`${registry.otherHost}/app`))).toEqual(['a', 'b']);
  });

  it('ignores a next page that is named in the body', async () => {
    await using list = await listOf(() => ({
      status: 200,
      body: JSON.stringify({ tags: ['a'], next: 'http://169.254.169.254/' }),
    }));
    expect(await listTags(list.session)).toEqual(['a']);
    expect(list.server.journal.requests).toHaveLength(2);
  });

  it('repeats the request for a page that ends early', async () => {
    await using registry = await startRegistry({ pageSize: 1 });
    for (const tag of ['a', 'b', 'c']) {
      registry.putManifest('app', tag, 'text/plain', '{}');
    }
    registry.faults.add(
      { path: /tags/, times: 1, fault: { kind: 'pass' } },
      { path: /tags/, times: 1, fault: { kind: 'truncate', after: 3 } },
      { path: /tags/, times: 1, fault: { kind: 'status', status: 502 } },
    );
    expect(await listTags(await openTestSession(`${registry.host}/app`))).toEqual(['a', 'b', 'c']);
    expect(registry.journal.select({ path: /tags/ })).toHaveLength(5);
  });

  it.each([
    ['the inner path of a proxied registry', '/repository/inner/v2/app/tags/list?last=b&n=1000'],
    ['the path without a prefix', '/v2/list?last=b&n=1000'],
  ])('uses the query of a link that names %s on the path of the repository', async (_name, target) => {
    await using list = await listOf(({ path, query }) => {
      if (path !== '/v2/app/tags/list') {
        return { status: 404 };
      }
      return query.get('last') === 'b' ? page(['c']) : page(['a', 'b'], `<${target}>; rel="next"`);
    });
    expect(await listTags(list.session)).toEqual(['a', 'b', 'c']);
  });

  it('uses the path of the repository when a redirect to another host answers with a relative link', async () => {
    await using other = await startRecordingServer({
      answer: ({ query }) => (query.has('last') ? page(['b']) : page(['a'], '</inner?last=a>; rel="next"')),
    });
    await using list = await listOf(({ query }) => ({
      status: 307,
      headers: { location: `http://${other.otherHost}/inner?${query}` },
    }));
    expect(await listTags(list.session)).toEqual(['a', 'b']);
  });

  it.each([400, 413, 422])('are requested without a size after %i for the first one', async (status) => {
    await using list = await listOf(({ query }) => {
      if (query.has('n')) {
        return errorReply(status, 'PAGINATION_NUMBER_INVALID', 'n is at most 100');
      }
      return query.has('last') ? page(['c']) : page(['a', 'b'], '</v2/app/tags/list?last=b>; rel="next"');
    });
    expect(await listTags(list.session)).toEqual(['a', 'b', 'c']);
    expect(list.server.journal.requests).toHaveLength(4);
  });

  it('fail with the second error when the first one is refused without a size too', async () => {
    await using list = await listOf(({ query }) =>
      query.has('n') ? { status: 400 } : errorReply(404, 'NAME_UNKNOWN', 'unknown'),
    );
    const error = await listTags(list.session).catch((caught: unknown) => caught);
    expect(isMissing(error)).toBe(true);
  });

  it('fails with the error of the registry', async () => {
    await using registry = await startRegistry();
    const error = await listTags(await openTestSession(`${registry.host}/app`)).catch(
      (caught: unknown) => caught,
    );
    expect(errorText(error)).toContain('NAME_UNKNOWN');
  });
});

describe('the body of a page', () => {
  it.each([
    ['{"tags":["a","b"]}', ['a', 'b']],
    ['{"name":"app","Tags":["a"]}', ['a']],
    ['{"tags":null}', []],
    ['{"tags":[]}', []],
    ['{}', []],
    ['{"tags":["a",null]}', ['a', '']],
  ])('%s has the tags %j', (body, tags) => {
    expect(parseTagPage(body, 'url')).toEqual(tags);
  });

  it.each(['', 'null and void', '{"tags":["a"]', '<html>'])(
    '%j is refused because it is not JSON',
    (body) => {
      expect(() => parseTagPage(body, 'url')).toThrow('GET url: the response is not a JSON document');
    },
  );

  it.each(['{"tags":"a"}', '{"tags":[1]}', '{"tags":{"a":1}}', '{"tags":[["a"]]}'])(
    '%s is refused because its tags are not a list of strings',
    (body) => {
      expect(() => parseTagPage(body, 'url')).toThrow('is not a list of strings');
    },
  );
});
