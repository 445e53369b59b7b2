// Tag lists that a registry serves wrongly: pages under other paths, pages that are missing, entries that are not tags.
import { describe, expect, it, onTestFinished } from 'vitest';
import { seed } from '../support/images.ts';
import { type RegistryOptions, startRegistry, type TestRegistry } from '../support/registry.ts';
import { errorReply, jsonReply, type Reply } from '../support/reply.ts';
import { checkStep, putStep } from '../support/steps.ts';
import { staticImage } from '../support/test-images.ts';

const name = 'docker/app';

/** A registry with an image under each tag; `list` responds to requests for the tag list. */
async function registryWith(
  tags: readonly string[],
  list: (request: Parameters<NonNullable<RegistryOptions['beside']>>[0]) => Reply | undefined,
): Promise<TestRegistry> {
  const registry = await startRegistry({
    beside: (request) => (request.path.endsWith('/tags/list') ? list(request) : undefined),
  });
  onTestFinished(() => registry.close());
  for (const tag of tags) {
    seed(registry, name, tag, await staticImage(tag === 'latest' || tag === '2' ? '2.0.0' : tag));
  }
  return registry;
}

const put = (registry: TestRegistry, params: object) =>
  putStep(`${registry.host}/${name}`, { bump_aliases: true, ...params });

const check = (registry: TestRegistry, source: object = {}) => checkStep(`${registry.host}/${name}`, source);

describe('a tag list whose next page is named by another path', () => {
  const tags = ['2.0.0', '2', 'latest', '1.0.0', '1.0.1', '1.0.2'];
  const paged = () =>
    registryWith(tags, ({ path, query }) => {
      if (path !== `/v2/${name}/tags/list`) {
        return errorReply(404, 'NAME_UNKNOWN', 'repository name not known to registry');
      }
      return query.has('last')
        ? jsonReply(200, { name, tags: tags.slice(3) })
        : jsonReply(
            200,
            { name, tags: tags.slice(0, 3) },
            { link: '</v2/app/tags/list?last=latest&n=1000>; rel="next"' },
          );
    });

  it('is read to its end by a check', async () => {
    expect((await check(await paged())).tags).toEqual(['1.0.0', '1.0.1', '1.0.2', '2.0.0']);
  });

  it('is read to its end by a put, which leaves latest on the newer version', async () => {
    const registry = await paged();
    const before = registry.manifest(name, 'latest')?.digest;
    expect((await put(registry, { version: '1.0.8' })).tags).toBe('1.0.8 1 1.0');
    expect(registry.manifest(name, 'latest')?.digest).toBe(before);
  });
});

describe('a tag list with a missing page', () => {
  const broken = () =>
    registryWith(['2.0.0', 'latest', '1.0.0'], ({ query }) =>
      query.has('last')
        ? errorReply(404, 'NAME_UNKNOWN', 'repository name not known to registry')
        : jsonReply(
            200,
            { name, tags: ['1.0.0'] },
            { link: `</v2/${name}/tags/list?last=1.0.0>; rel="next"` },
          ),
    );

  it('fails a put before anything is pushed', async () => {
    const registry = await broken();
    const { status, stderr } = await put(registry, { version: '1.0.8' });
    expect(status).toBe(1);
    expect(stderr).toContain('determine aliases: list repository tags: page 2 of the list of tags: GET ');
    expect(registry.journal.lines.filter((line) => !line.startsWith('GET'))).toEqual([]);
  });

  it('fails a check', async () => {
    expect((await check(await broken())).stderr).toContain('NAME_UNKNOWN');
  });
});

describe('a tag list that the registry does not have', () => {
  it.each<[string, Reply]>([
    ['NAME_UNKNOWN', errorReply(404, 'NAME_UNKNOWN', 'repository name not known to registry')],
    ['a page of HTML', { status: 404, headers: { 'content-type': 'text/html' }, body: '<h1>Not Found</h1>' }],
  ])('fails a put when one of its tags exists nevertheless (%s)', async (_name, reply) => {
    const registry = await registryWith(['latest'], () => reply);
    const { status, stderr } = await put(registry, { version: '1.0.8' });
    expect(status).toBe(1);
    expect(stderr).toContain('the registry lists no tags of the repository, but the tag latest exists: GET ');
    expect(stderr).toContain('hint: ');
    expect(registry.tags(name)).toEqual(['latest']);
  });

  it('takes every alias when none of its tags exists', async () => {
    const registry = await registryWith([], () => errorReply(404, 'NAME_UNKNOWN', 'unknown'));
    expect((await put(registry, { version: '1.0.8' })).tags).toBe('1.0.8 latest 1 1.0');
  });
});

describe('a tag list with entries that are not tags', () => {
  const digest = `sha256:${'0'.repeat(64)}`;
  const invalid = [digest, '-ot-beta', 'a/b', '', '.hidden', 'x'.repeat(129), '1.0.0+build', 'v 1'];
  const tags = ['1.0.0', '1.1.0-beta', '2.0.0'];

  async function mixed() {
    const registry = await registryWith(tags, () =>
      jsonReply(200, {
        name,
        tags: invalid.flatMap((entry, position) => [entry, tags[position] ?? []].flat()),
      }),
    );
    registry.faults.add({
      path: new RegExp(
        `^/v2/${name}/manifests/(?!(1.0.0|1.1.0-beta|2.0.0|1.5.0|1.5|1|latest)$|sha256:[1-9a-f])`,
      ),
      fault: { kind: 'status', status: 400, body: { errors: [{ code: 'TAG_INVALID', message: 'no tag' }] } },
    });
    return registry;
  }

  it.each([
    ['a pattern', { tag_regex: '^.*$' }, tags],
    ['a pattern, sorted by age', { tag_regex: '^.*$', created_at_sort: true }, tags],
    ['versions', {}, ['1.0.0', '2.0.0']],
    ['versions of a variant', { variant: 'beta' }, ['1.1.0-beta']],
  ])('lets a check by %s report the tags only', async (_name, source, expected) => {
    const { stderr, ...result } = await check(await mixed(), source);
    expect(result.tags, stderr).toEqual(expected);
    expect(stderr).toBe('');
  });

  it('lets a check with debug log them in one line', async () => {
    const { stderr } = await check(await mixed(), { tag_regex: '^.*$', debug: true });
    expect(stderr.match(/8 of the listed tags cannot be tags, ignored: "sha256:0+"/g)).toHaveLength(1);
  });

  it('lets a put move aliases by the tags only', async () => {
    expect((await put(await mixed(), { version: '1.5.0' })).tags).toBe('1.5.0 1 1.5');
  });
});

describe('a tag list whose pages have a greatest size', () => {
  const tags = Array.from({ length: 150 }, (_, number) => `1.0.${number}`);
  const limited = () =>
    registryWith(['1.0.149'], ({ query }) => {
      if (Number(query.get('n') ?? '0') > 100) {
        return errorReply(400, 'PAGINATION_NUMBER_INVALID', 'invalid number of results requested');
      }
      return query.has('last')
        ? jsonReply(200, { name, tags: tags.slice(100) })
        : jsonReply(
            200,
            { name, tags: tags.slice(0, 100) },
            { link: `</v2/${name}/tags/list?last=1.0.99>; rel="next"` },
          );
    });

  it.each([
    ['a pattern', { tag_regex: '.*' }],
    ['versions', {}],
  ])('is read to its end by a check by %s', async (_name, source) => {
    expect(await check(await limited(), source)).toMatchObject({ tags: ['1.0.149'] });
  });

  it('is read to its end by a put', async () => {
    expect((await put(await limited(), { version: '1.0.148' })).tags).toBe('1.0.148');
  });
});
