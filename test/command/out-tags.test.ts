// out on a fake clock: which tags a put moves, immutable tags, and the rollback of tags after a failure.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { runOut } from '../../src/command/out.ts';
import { digestHex } from '../../src/oci/digest.ts';
import type { FaultRule } from '../support/fault.ts';
import { dockerArchive, writeOciLayout } from '../support/image-files.ts';
import { buildIndex, descriptorOf, type Image, jsonDocument, seed } from '../support/images.ts';
import { plainRequest } from '../support/plain-client.ts';
import type { TestRegistry } from '../support/registry.ts';
import { registryForTest } from '../support/registry-for-test.ts';
import { type CommandResult, runCommand } from '../support/run-command.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { staticImage } from '../support/test-images.ts';

const repository = 'team/app';

let image: Image;
let old: Image;
let registry: TestRegistry;
let directory: string;

beforeEach(async () => {
  image = await staticImage('new\n');
  old = await staticImage('old\n');
  directory = await temporaryDirectory();
  registry = await registryForTest();
});

/** Puts the image, by default with compressed layers. */
async function put(
  params: object,
  more: { source?: object; layout?: 'compressed' | 'classic'; faults?: FaultRule[] } = {},
): Promise<CommandResult & { text: string }> {
  const layout = more.layout ?? 'compressed';
  await writeFile(join(directory, 'image.tar'), await dockerArchive(image, { layout }));
  registry.faults.add(...(more.faults ?? []));
  const source = { repository: `${registry.host}/${repository}`, ...more.source };
  const result = await runCommand(runOut, {
    request: { source, params: { image: 'image.tar', ...params } },
    directory,
  });
  return { ...result, text: result.stderr.replaceAll('\x1b', '') };
}

const pathOf = (reference: string) => `/v2/${repository}/manifests/${reference}`;
const at = (tag: string) => registry.manifest(repository, tag)?.digest;
const wrote = () => registry.journal.lines.filter((line) => !/^(GET|HEAD) /.test(line));
const answered = (result: CommandResult) => JSON.parse(result.answer ?? 'null');
const pushedDigest = (result: CommandResult): string => answered(result).version.digest;
const refusing = (method: string, tag: string, status: number, times?: number): FaultRule => ({
  method,
  path: pathOf(tag),
  fault: { kind: 'status', status },
  ...(times === undefined ? {} : { times }),
});

describe('the tags of a put', () => {
  it('include params.tags between the aliases and the tags of the file', async () => {
    await writeFile(join(directory, 'more'), 'x\n');
    const result = await put(
      {
        version: '1.2.3',
        bump_aliases: true,
        tags: ['edge', '1.2'],
        additional_tags: 'more',
        tag_prefix: 'p-',
      },
      { source: { tag: 'main' } },
    );
    expect(answered(result).version.tag).toBe('main');
    expect(answered(result).metadata[1].value).toBe('main 1.2.3 latest 1 1.2 edge 1.2 p-x');
    expect(registry.tags(repository)).toEqual(['1', '1.2', '1.2.3', 'edge', 'latest', 'main', 'p-x']);
  });

  it('can be params.tags only', async () => {
    expect(answered(await put({ tags: ['b', 'a'] })).version.tag).toBe('b');
  });

  it('are checked before any request', async () => {
    const { text } = await put({ tags: ['ok', '../other'] });
    expect(text).toContain('params.tags: no registry can have the tag "../other"');
    expect(registry.requests).toEqual([]);
  });
});

describe('a version in version_file', () => {
  it('is trimmed and normalised, and moves aliases like params.version', async () => {
    await writeFile(join(directory, 'number'), '\n  v1.2\t\r\n');
    const result = await put({ version_file: 'number', bump_aliases: true }, { source: { variant: 'slim' } });
    expect(answered(result).metadata[1].value).toBe('1.2.0-slim slim 1-slim 1.2-slim');
  });

  it.each<[string, string | undefined, string]>([
    ['does not exist', undefined, 'could not read the version: reading "'],
    ['is empty', '', 'number" is empty'],
    ['contains white space only', ' \n\t', 'number" is empty'],
    ['contains no version', 'one\n', 'invalid semantic version: "one"'],
    ['contains two versions', '1.2.3\n1.2.4\n', 'invalid semantic version: "1.2.3\\n1.2.4"'],
    ['is too large', 'x'.repeat(5000), 'it has more than 4096 bytes'],
  ])('is refused before any request if the file %s', async (_, content, message) => {
    if (content !== undefined) {
      await writeFile(join(directory, 'number'), content);
    }
    const { text, answer } = await put({ version_file: 'number' });
    expect(answer).toBeUndefined();
    expect(text).toContain(message);
    expect(text).toContain('hint: ');
    expect(registry.requests).toEqual([]);
  });
});

describe('the immutable tags of a put', () => {
  const layouts = ['compressed', 'classic'] as const;

  it.each(layouts)('pushes an immutable tag that does not exist (%s)', async (layout) => {
    const result = await put({ tags: ['1.0'], immutable_tags: true }, { layout });
    expect(at('1.0')).toBe(pushedDigest(result));
    expect(registry.journal.select({ method: 'HEAD', path: pathOf('1.0') })).toHaveLength(2);
  });

  it.each(layouts)('sends nothing if an immutable tag points at the same image (%s)', async (layout) => {
    const first = await put({ tags: ['1.0'], immutable_tags: true }, { layout });
    const before = wrote().length;
    const again = await put({ tags: ['1.0'], immutable_tags: true }, { layout });
    expect(again.answer).toBe(first.answer);
    expect(again.text).toContain(`existing manifest: 1.0@${pushedDigest(first)}`);
    expect(wrote()).toHaveLength(before);
  });

  it.each(layouts)(
    'fails before anything is sent if an immutable tag points at another image (%s)',
    async (layout) => {
      seed(registry, repository, '1.0', old);
      const { text, answer } = await put({ tags: ['edge', '1.0'], immutable_tags: ['^1'] }, { layout });
      expect(answer).toBeUndefined();
      expect(text).toMatch(
        new RegExp(
          `pushing image failed: the image is sha256:[0-9a-f]{64}, but immutable tags have another one: 1.0 points at ${old.digest}`,
        ),
      );
      expect(text).toContain('hint: push under a new tag, or set params.on_conflict to skip or move');
      expect(wrote()).toEqual([]);
      expect(at('edge')).toBeUndefined();
    },
  );

  it.each(layouts)(
    'skips an immutable tag with on_conflict skip and reports both digests (%s)',
    async (layout) => {
      seed(registry, repository, '1.0', old);
      const params = { tags: ['1.0', 'edge'], immutable_tags: ['^1'], on_conflict: 'skip' };
      const result = await put(params, { layout });
      const digest = pushedDigest(result);
      expect(at('1.0')).toBe(old.digest);
      expect(at('edge')).toBe(digest);
      expect(answered(result)).toEqual({
        version: { tag: 'edge', digest },
        metadata: [
          { name: 'repository', value: `${registry.host}/${repository}` },
          { name: 'tags', value: 'edge' },
          { name: 'skipped_tags', value: `1.0 stays on ${old.digest}, not ${digest}` },
        ],
      });
      expect(result.text).toContain(
        `immutable tag 1.0: skipped, it stays on ${old.digest}; the image is ${digest}`,
      );
    },
  );

  it.each(layouts)(
    'pushes nothing and answers with the existing version if it skips every tag (%s)',
    async (layout) => {
      seed(registry, repository, '1.0', old);
      const result = await put(
        { tags: ['1.0', '1.0'], immutable_tags: true, on_conflict: 'skip' },
        { layout },
      );
      expect(answered(result).version).toEqual({ tag: '1.0', digest: old.digest });
      expect(result.text).toContain('nothing pushed: all tags stay');
      expect(wrote()).toEqual([]);
    },
  );

  it.each(layouts)(
    'moves an immutable tag with on_conflict move and logs both digests (%s)',
    async (layout) => {
      seed(registry, repository, '1.0', old);
      const result = await put({ tags: ['1.0'], immutable_tags: true, on_conflict: 'move' }, { layout });
      expect(at('1.0')).toBe(pushedDigest(result));
      expect(result.text).toContain(`immutable tag 1.0: moved from ${old.digest} to ${pushedDigest(result)}`);
    },
  );

  it('moves aliases although immutable_tags is true', async () => {
    seed(registry, repository, 'latest', old);
    seed(registry, repository, '1.0', old);
    const result = await put({ version: '1.0.1', bump_aliases: true, immutable_tags: true });
    expect(['1.0.1', 'latest', '1', '1.0'].map(at)).toEqual(Array(4).fill(pushedDigest(result)));
  });

  it('treats an alias as immutable if a pattern matches it', async () => {
    seed(registry, repository, 'latest', old);
    const { text } = await put({ version: '1.0.1', bump_aliases: true, immutable_tags: ['^latest$'] });
    expect(text).toContain(`immutable tags have another one: latest points at ${old.digest}`);
  });

  it('checks an immutable tag again after the uploads', async () => {
    registry.faults.add({
      method: 'PATCH',
      path: /./,
      times: 1,
      fault: {
        kind: 'hold',
        until: registry.journal
          .arrived({ method: 'PATCH' })
          .then(() => seed(registry, repository, '1.0', old)),
      },
    });
    const { text } = await put({ tags: ['1.0'], immutable_tags: true });
    expect(text).toContain(`1.0 points at ${old.digest}`);
    expect(at('1.0')).toBe(old.digest);
  });

  it.each(
    layouts.flatMap((layout) =>
      (['fail', 'skip', 'move'] as const).map((answer) => [layout, answer] as const),
    ),
  )('fails if the registry responds 403 for an immutable tag (%s, %s)', async (layout, on_conflict) => {
    const { text } = await put(
      { tags: ['edge', '1.0'], immutable_tags: ['^1'], on_conflict },
      { layout, faults: [refusing('HEAD', '1.0', 403)] },
    );
    expect(text).toContain('the registry does not say where the immutable tag 1.0 points: HEAD ');
    expect(text).toContain('hint: the account must be able to read a tag that is not to be overwritten');
    expect(wrote()).toEqual([]);
  });

  it('fails if the registry does not return the digest of an immutable tag', async () => {
    seed(registry, repository, '1.0', old);
    const fault = { kind: 'headers', headers: { 'docker-content-digest': undefined } } as const;
    const { text } = await put(
      { tags: ['1.0'], immutable_tags: true },
      { faults: [{ method: 'HEAD', path: pathOf('1.0'), fault }] },
    );
    expect(text).toContain('the registry does not say where the immutable tag 1.0 points');
    expect(wrote()).toEqual([]);
  });

  it('refuses an invalid pattern in immutable_tags before any request', async () => {
    const { text } = await put({ tags: ['1.0'], immutable_tags: ['('] });
    expect(text).toContain('invalid regex pattern in params.immutable_tags: "("');
    expect(registry.requests).toEqual([]);
  });

  it('requests a tag that is not immutable once and ignores a 403', async () => {
    const result = await put({ tags: ['1.0'] }, { faults: [refusing('HEAD', '1.0', 403)] });
    expect(at('1.0')).toBe(pushedDigest(result));
    expect(registry.journal.select({ method: 'HEAD', path: pathOf('1.0') })).toHaveLength(1);
  });
});

describe('the rollback of tags', () => {
  const tags = ['a', 'b', 'c', 'd'];

  it('moves tags back if a later one fails', async () => {
    const index = buildIndex([old]);
    seed(registry, repository, 'a', old);
    seed(registry, repository, 'c', index);
    const { text, answer } = await put({ tags }, { faults: [refusing('PUT', 'd', 400)] });
    expect(answer).toBeUndefined();
    expect(text).toMatch(
      /pushing image failed: writing tag\(s\) a, b, c, d of [^ ]+: tags move together or not at all: those that had moved were put back: PUT .*manifests\/d/,
    );
    expect(tags.map(at)).toEqual([old.digest, undefined, index.digest, undefined]);
    expect(registry.manifest(repository, 'c')?.mediaType).toBe(index.mediaType);
    expect(text).toContain(`${repository}:a: put back to ${old.digest}`);
    expect(text).toContain(`${repository}:b: removed again`);
  });

  it('deletes tags by name, not by digest, which would remove other tags', async () => {
    const first = await put({ tags: ['stable'] });
    await put({ tags }, { faults: [refusing('PUT', 'd', 400)] });
    expect(registry.tags(repository)).toEqual(['stable']);
    expect(at('stable')).toBe(pushedDigest(first));
    const removed = registry.journal.select({ method: 'DELETE' }).map(({ path }) => path);
    expect(removed.sort()).toEqual(['a', 'b', 'c'].map(pathOf));
  });

  it('lists the tags that it could not restore, with the reasons', async () => {
    seed(registry, repository, 'a', old);
    const { text } = await put(
      { tags },
      {
        faults: [
          refusing('PUT', 'd', 400),
          {
            method: 'DELETE',
            path: pathOf('b'),
            fault: { kind: 'status', status: 405, body: { errors: [{ code: 'UNKNOWN' }] } },
          },
          { method: 'PUT', path: pathOf('a'), times: 1, fault: { kind: 'pass' } },
          refusing('PUT', 'a', 403),
        ],
      },
    );
    expect(text).toMatch(
      new RegExp(
        `put back, except a, which pointed at ${old.digest} \\(PUT [^)]*403[^)]*\\) and b, which did not exist \\(DELETE [^)]*UNKNOWN`,
      ),
    );
    expect(text).toContain('hint: correct by hand what is listed');
    expect(at('c')).toBeUndefined();
    expect(registry.journal.select({ method: 'DELETE', path: pathOf('b') })).toHaveLength(1);
  });

  it('restores the failed tag too if it has moved', async () => {
    seed(registry, repository, 'd', old);
    const lost = registry.journal.arrived({ method: 'PUT', path: pathOf('d') }).then(() => {
      const moved = registry.manifest(repository, 'a');
      registry.putManifest(repository, 'd', moved?.mediaType ?? '', moved?.bytes ?? '');
    });
    const fault = { kind: 'hold', until: lost, next: { kind: 'status', status: 400 } } as const;
    const faults = [{ method: 'PUT', path: pathOf('d'), times: 1, fault }];
    const { text } = await put({ tags: ['a', 'd'] }, { faults });
    expect(text).toContain(`${repository}:d: put back to ${old.digest}`);
    expect(text).toContain('those that had moved were put back: PUT');
    expect(at('d')).toBe(old.digest);
    expect(at('a')).toBeUndefined();
  });

  it('waits for running requests before it restores tags', async () => {
    const refused = registry.journal.arrived({ method: 'PUT', path: pathOf('c') });
    const later = refused.then(async () => {
      for (let turn = 0; turn < 20; turn += 1) {
        await new Promise(setImmediate);
      }
    });
    const faults: FaultRule[] = [
      { method: 'PUT', path: pathOf('b'), fault: { kind: 'hold', until: later } },
      refusing('PUT', 'c', 400),
    ];
    const { text } = await put({ tags: ['a', 'b', 'c'] }, { faults });
    expect(text).toContain('those that had moved were put back: PUT');
    expect(registry.tags(repository)).toEqual([]);
  });

  it('counts a tag as deleted if a repeated DELETE responds 404', async () => {
    const removal = { method: 'DELETE', path: pathOf('a') };
    const done = registry.journal
      .arrived(removal)
      .then(() => plainRequest(`${registry.url}${pathOf('a')}`, { method: 'DELETE' }));
    const lost = { kind: 'hold', until: done, next: { kind: 'status', status: 404 } } as const;
    const faults = [refusing('PUT', 'b', 400), { ...removal, times: 1, fault: lost }];
    const { text } = await put({ tags: ['a', 'b'] }, { faults });
    expect(text).toContain('those that had moved were put back: PUT');
    expect(registry.tags(repository)).toEqual([]);
  });

  it('requests a token that allows it to delete tags', async () => {
    const guarded = await registryForTest({ auth: { kind: 'bearer' } });
    guarded.faults.add(refusing('PUT', 'z', 400));
    for (const tag of ['b', 'd']) {
      seed(guarded, repository, tag, old);
    }
    const source = { repository: `${guarded.host}/${repository}` };
    const { text } = await put({ tags: ['a', 'b', 'c', 'd', 'z'] }, { source });
    expect(text).toContain('those that had moved were put back: PUT');
    expect(guarded.tags(repository)).toEqual(['b', 'd']);
    expect(['b', 'd'].map((tag) => guarded.manifest(repository, tag)?.digest)).toEqual([
      old.digest,
      old.digest,
    ]);
  });

  it('is not needed if the first tag fails', async () => {
    const { text } = await put({ tags }, { faults: [refusing('PUT', 'a', 400)] });
    expect(text).toMatch(/pushing image failed: writing tag\(s\) a, b, c, d of [^ ]+: PUT /);
    expect(registry.tags(repository)).toEqual([]);
    expect(registry.journal.select({ method: 'PUT', path: pathOf('b') })).toEqual([]);
  });

  it('does not restore a tag that somebody else has moved since', async () => {
    const stranger = await staticImage('stranger\n');
    const { text } = await put(
      { tags: ['a', 'd'] },
      {
        faults: [
          {
            method: 'PUT',
            path: pathOf('d'),
            fault: {
              kind: 'hold',
              until: registry.journal
                .arrived({ method: 'PUT', path: pathOf('d') })
                .then(() => seed(registry, repository, 'a', stranger)),
              next: { kind: 'status', status: 400 },
            },
          },
        ],
      },
    );
    expect(text).toContain(`${repository}:a: left as it is, because it was moved by somebody else`);
    expect(at('a')).toBe(stranger.digest);
  });

  it('lists a tag whose previous digest is unknown', async () => {
    const { text } = await put(
      { tags: ['a', 'd'] },
      { faults: [refusing('HEAD', 'a', 403), refusing('PUT', 'd', 400)] },
    );
    expect(text).toContain('except a, which pointed to an unknown digest (the registry did not say');
    expect(at('a')).toBeDefined();
  });

  it('restores tags if the fallback tag of referrers fails', async () => {
    const subject = await staticImage('subject\n');
    const manifest = JSON.parse(image.bytes.toString());
    const signature: Image = {
      ...image,
      ...jsonDocument(image.mediaType, { ...manifest, subject: descriptorOf(subject) }),
    };
    await writeOciLayout(join(directory, 'layout'), signature, { singleImageDigest: true });
    const fallback = `sha256-${digestHex(subject.digest)}`;
    const faults = [refusing('PUT', fallback, 400)];
    const { text } = await put({ image: 'layout', tags: ['a', 'b'] }, { faults });
    expect(text).toMatch(/those that had moved were put back: PUT .*sha256-/);
    expect(registry.tags(repository)).toEqual([]);
  });
});
