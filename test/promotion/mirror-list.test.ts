// Lists for mirror: each format with all of its keys, what is not done, and what is wrong by line.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { formatPlatform } from '../../src/oci/platform.ts';
import { admits, type MirrorEntry, matchingTags } from '../../src/promotion/mirror-list.ts';
import { readMirrorList } from '../../src/promotion/mirror-list-file.ts';
import type { MirrorDestination } from '../../src/promotion/mirror-names.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const digest = `sha256:${'14b267eb'.repeat(8)}`;
const to = { prefix: 'mirror.test/all', isScoped: false };

/** Tags with which the filters of entries are tried. */
const tags = ['latest', '1', '1.2', 'v1.2.3', '1.2.3-rc1', '2.0.0', '3.18', 'edge-arm'];

/** `line source selection -> destination platform`. */
function entryText(entry: MirrorEntry): string {
  const { line, source, destination, selection, platform } = entry;
  const chosen = {
    tag: () => selection.kind === 'tag' && `:${selection.tag} as ${selection.as}`,
    digest: () => selection.kind === 'digest' && `@${selection.digest.slice(0, 12)} as ${selection.as}`,
    matching: () => selection.kind === 'matching' && ` {${matchingTags(tags, selection.filters).join(' ')}}`,
  }[selection.kind]();
  const names =
    entry.kind === 'registry'
      ? `/{${['team/app', 'team/tool', 'other'].filter((name) => admits(entry.repositories, name)).join(' ')}}`
      : '';
  return `${line} ${source}${names}${chosen} -> ${destination}${platform ? ` ${formatPlatform(platform)}` : ''}`;
}

async function read(text: string, destination?: MirrorDestination) {
  const path = join(await temporaryDirectory(), 'list');
  await writeFile(path, text);
  const { entries, errors, warnings } = await readMirrorList(path, destination);
  const lines = (problems: typeof errors) => problems.map(({ line, message }) => `${line} ${message}`);
  return { entries: entries.map(entryText), errors: lines(errors), warnings: lines(warnings) };
}

const all = `{${tags.join(' ')}}`;

describe('a list of our own', () => {
  it('chooses images by reference, tags, patterns, versions and platform', async () => {
    const { entries, errors, warnings } = await read(
      `# what we mirror
mirror:
- source: src.test/team/app:1.0
  destination: dst.test/app
- source: src.test/team/app@${digest}
  destination: dst.test/app:pinned
- source: src.test/team/app
  destination: [dst.test/app, other.test/x/app]
  tags:
  - 1.10
  - latest
  - ${digest}
- source: busybox
  destination: dst.test/busybox
- source: src.test/team/tool
  destination: dst.test/tool
  tag_regex: ^v?1
  semver_constraint: '>=1.2'
  platform: linux/arm64/v8
`,
    );
    expect(errors).toEqual([]);
    expect(warnings).toEqual([]);
    expect(entries).toEqual([
      '3 src.test/team/app:1.0 as 1.0 -> dst.test/app',
      '5 src.test/team/app@sha256:14b26 as pinned -> dst.test/app',
      '10 src.test/team/app:1.10 as 1.10 -> dst.test/app',
      '11 src.test/team/app:latest as latest -> dst.test/app',
      '12 src.test/team/app@sha256:14b26 as null -> dst.test/app',
      '10 src.test/team/app:1.10 as 1.10 -> other.test/x/app',
      '11 src.test/team/app:latest as latest -> other.test/x/app',
      '12 src.test/team/app@sha256:14b26 as null -> other.test/x/app',
      `13 index.docker.io/library/busybox ${all} -> dst.test/busybox`,
      '15 src.test/team/tool {1.2 v1.2.3} -> dst.test/tool linux/arm64/v8',
    ]);
  });

  it('reports everything that is wrong in it by line', async () => {
    const { errors } = await read(`mirror:
- source: src.test/team/app
  destinatoin: dst.test/app
- destination: dst.test/app
- source: src.test/Team/app:1
  destination: dst.test/app
- source: src.test/app:1
  destination: dst.test/app
  tags: [2]
- source: src.test/app
  destination: dst.test/app:1
- source: src.test/app@${digest}
  destination: dst.test/app@sha256:${'0'.repeat(64)}
- source: src.test/app
  destination: dst.test/app
  tag_regex: (
  semver_constraint: what
  platform: linux
- source: src.test/app
  destination: dst.test/app
  tags: []
- source: src.test/app
  destination: []
- source: "src.test/{{app}}"
  destination: dst.test/app
- just a string
`);
    expect(errors).toEqual([
      expect.stringMatching(/^2 src\.test\/team\/app has no destination \(give one with --to PREFIX\)$/),
      expect.stringMatching(/^3 unknown key "destinatoin": did you mean destination\?$/),
      '4 source is missing',
      expect.stringMatching(/^5 .*repository can only contain the characters/),
      '7 the source names a tag or a digest already: tags cannot be chosen, too',
      '10 the destination names a tag, but the source names none',
      '12 the destination names another digest than the source: copies keep their digests',
      expect.stringMatching(/^16 invalid regex pattern in tag_regex: "\("/),
      expect.stringMatching(/^17 parse semver constraint "what"/),
      expect.stringMatching(/^18 "linux" is not a platform/),
      '21 tags is empty: without the key, all tags are copied',
      '23 destination is empty',
      '24 "src.test/{{app}}" has a template or a variable: these are not evaluated',
      '26 an item of mirror must be a map',
    ]);
  });
});

describe('a list of regsync', () => {
  it('copies images, repositories and registries, and says what it does not do', async () => {
    const { entries, errors, warnings } = await read(`version: 1
x-hooks: &hooks {pre: {type: exec, params: [echo]}}
creds:
- registry: src.test:5000
  user: "{{env \\"USER\\"}}"
  pass: "{{file \\"/token\\"}}"
defaults:
  ratelimit: {min: 100, retry: 15m}
  parallel: 2
  interval: 60m
  backup: "bkup-{{.Ref.Tag}}"
  blobLimit: 1
  cacheCount: 1
  cacheTime: 5m
  skipDockerConfig: true
  userAgent: me
  fastCheck: false
sync:
- source: busybox:latest
  target: dst.test:5000/library/busybox:stable
  type: image
- source: busybox
  target: dst.test:5000/library/busybox
  type: image
  platform: linux/amd64
- source: src.test:5000/alpine
  target: dst.test:5000/library/alpine
  type: repository
  tags:
    allow: ['1', '3\\.\\d+', 'edge.*']
    deny: ['.*-arm']
  platforms: [linux/amd64, linux/arm64]
- source: src.test:5000/tool
  target: dst.test:5000/tool
  type: repository
  tags: {semverRange: ['>=1.2 <2']}
  tagSets:
  - {allow: [latest]}
  - {semverRange: [2.x]}
- source: src.test:5000
  target: dst.test:5000/mirror
  type: registry
  repos: {allow: ['team/.*'], deny: ['team/tool']}
  hooks: *hooks
  schedule: "0 * * * *"
  referrers: true
  referrerFilters: [{artifactType: application/x}]
  referrerSource: src.test/r
  referrerTarget: dst.test/r
  referrerSlow: true
  digestTags: true
  forceRecursive: true
  includeExternal: true
  mediaTypes: [application/x]
`);
    expect(errors).toEqual([]);
    expect(entries).toEqual([
      '19 index.docker.io/library/busybox:latest as stable -> dst.test:5000/library/busybox',
      '22 index.docker.io/library/busybox:latest as latest -> dst.test:5000/library/busybox linux/amd64',
      '26 src.test:5000/alpine {1 3.18} -> dst.test:5000/library/alpine',
      '33 src.test:5000/tool {latest 1.2 v1.2.3 2.0.0} -> dst.test:5000/tool',
      `40 src.test:5000/{team/app} ${all} -> dst.test:5000/mirror`,
    ]);
    const ignored = warnings.filter((text) => text.includes(' is ignored: '));
    expect(ignored.map((text) => text.split(' is')[0])).toEqual([
      ...['3 creds', '8 ratelimit', '9 parallel', '10 interval', '11 backup', '12 blobLimit'],
      ...['13 cacheCount', '14 cacheTime', '15 skipDockerConfig', '16 userAgent', '32 platforms'],
      ...['44 hooks', '45 schedule', '46 referrers', '47 referrerFilters', '48 referrerSource'],
      ...['49 referrerTarget', '50 referrerSlow', '51 digestTags', '52 forceRecursive'],
      ...['53 includeExternal', '54 mediaTypes'],
    ]);
    expect(warnings).toContain('22 busybox has no tag: it is latest, as regsync takes it');
    expect(warnings[0]).toBe(
      '3 creds is ignored: logins and certificates come from the settings file, or from the config.json of Docker',
    );
  });

  it('reports everything that is wrong in it by line', async () => {
    const { errors } = await read(`version: 2
defaults: {paralel: 1}
sync:
- source: src.test/app:1
  target: dst.test/app
  type: repository
- source: src.test/team
  target: dst.test
  type: registry
- source: ocidir:///tmp/app:1
  target: dst.test/app:1
  type: image
- source: src.test/app
  type: images
  tags: {allow: ['(']}
  hook: {}
- source: src.test/app
  target: dst.test/app
  type: images
`);
    expect(errors).toEqual([
      '1 version must be 1',
      expect.stringMatching(/^2 unknown key "paralel": did you mean parallel\?/),
      '4 a repository must have no tag and no digest: src.test/app:1',
      '7 the source of type registry must be a host, not src.test/team',
      expect.stringMatching(/^10 /),
      '13 target is missing',
      expect.stringMatching(/^15 invalid regex pattern in allow/),
      expect.stringMatching(/^16 unknown key "hook": did you mean hooks\?/),
      '19 type must be image, repository or registry',
    ]);
  });
});

describe('a list of skopeo', () => {
  const text = `registry.example.com:
    images:
        busybox: []
        team/redis:
            - 1.0
            - "2.0"
            - "${digest}"
    images-by-tag-regex:
        nginx: ^1\\.2
    images-by-semver:
        alpine: ">= 1.2"
        tool: ["1.x", "3.x"]
    credentials:
        username: john
        password: this is a secret
    tls-verify: true
    cert-dir: /home/john/certs
docker.io:
    tls-verify: false
    images:
        alpine: [latest]
`;

  it('copies below --to by the last part of the names', async () => {
    const { entries, errors, warnings } = await read(text, to);
    expect(errors).toEqual([]);
    expect(entries).toEqual([
      `3 registry.example.com/busybox ${all} -> mirror.test/all/busybox`,
      '5 registry.example.com/team/redis:1.0 as 1.0 -> mirror.test/all/redis',
      '6 registry.example.com/team/redis:2.0 as 2.0 -> mirror.test/all/redis',
      '7 registry.example.com/team/redis@sha256:14b26 as null -> mirror.test/all/redis',
      '9 registry.example.com/nginx {1.2 1.2.3-rc1} -> mirror.test/all/nginx',
      '11 registry.example.com/alpine {1.2 v1.2.3 2.0.0 3.18} -> mirror.test/all/alpine',
      '12 registry.example.com/tool {1 1.2 v1.2.3 3.18} -> mirror.test/all/tool',
      '21 index.docker.io/library/alpine:latest as latest -> mirror.test/all/alpine',
    ]);
    expect(warnings).toEqual([
      '13 credentials is ignored: logins come from the settings file, or from the config.json of Docker',
      '17 cert-dir is ignored: certificates come from ca_certs in the settings file',
      '19 tls-verify is ignored: insecure in the settings file allows it',
    ]);
  });

  it('copies below --to by whole names with --scoped', async () => {
    const { entries } = await read(text, { ...to, isScoped: true });
    expect(entries[1]).toContain('-> mirror.test/all/registry.example.com/team/redis');
    expect(entries.at(-1)).toContain('-> mirror.test/all/docker.io/library/alpine');
  });

  it('reports everything that is wrong in it by line', async () => {
    const { errors } = await read(
      `src.test:5000:
  images:
    app: [x/y]
    App: []
  image-by-semver:
    app: ">=1"
  images-by-tag-regex:
    tool: (
    none:
other.test: [app]
`,
      { ...to, isScoped: true },
    );
    expect(errors).toEqual([
      expect.stringMatching(/^3 src\.test:5000\/app cannot be copied|^3 .*no registry can have the tag/),
      expect.stringMatching(/^4 repository can only contain the characters/),
      expect.stringMatching(/^5 unknown key "image-by-semver": did you mean images-by-semver\?/),
      expect.stringMatching(/^8 invalid regex pattern/),
      '8 tool has no pattern',
      '9 none has no pattern',
      '10 the registry other.test must be a map',
    ]);
    const withoutTo = await read('src.test:\n  images:\n    app: []\n');
    expect(withoutTo.errors).toEqual(['3 src.test/app has no destination (give one with --to PREFIX)']);
    const port = await read('src.test:5000:\n  images:\n    app: []\n', { ...to, isScoped: true });
    expect(port.errors).toEqual([expect.stringMatching(/^3 src\.test:5000\/app cannot be copied to mirror/)]);
  });
});

describe('lists of Zuul', () => {
  it('copy what mirror_container_images_images and container_images name', async () => {
    const { entries, errors, warnings } = await read(
      `container_registry_credentials:
  dst.test:
    username: robot
    password: secret
    repository: "^dst.test/team/.*"
mirror_container_images_images:
- src_repository: docker.io/library/alpine
  src_tag: 3.10
  dest_repository: dst.test/team/alpine
  dest_tag: stable
  dest_registry: dst.test
container_images:
- context: docker/app
  container_filename: Containerfile
  registry: quay.test
  repository: quay.test/team/app
  path: .
  build_args: [A=b]
  target: run
  siblings: [other]
  arch: [linux/arm64]
  tags: [1.0, latest]
- context: .
  registry: quay.test
  repository: quay.test/team/tool
zuul_work_dir: src
`,
      to,
    );
    expect(errors).toEqual([]);
    expect(entries).toEqual([
      '7 index.docker.io/library/alpine:3.10 as stable -> dst.test/team/alpine',
      '22 quay.test/team/app:1.0 as 1.0 -> mirror.test/all/app',
      '22 quay.test/team/app:latest as latest -> mirror.test/all/app',
      '25 quay.test/team/tool:latest as latest -> mirror.test/all/tool',
    ]);
    expect(warnings.map((text) => text.split(':')[0])).toEqual([
      '1 logins of container_registry_credentials are ignored',
      ...['13 context is ignored', '14 container_filename is ignored', '17 path is ignored'],
      ...['18 build_args is ignored', '19 target is ignored', '20 siblings is ignored'],
      ...['21 arch is ignored', '23 context is ignored', '26 "zuul_work_dir" is ignored'],
    ]);
  });

  it('report everything that is wrong in them by line', async () => {
    const { errors } = await read(
      `container_registry_credentials:
  dst.test: {repository: "^dst.test/team/"}
mirror_container_images_images:
- src_repository: src.test/app
  src_tag: 1
  dest_repository: dst.test/other/app
  dest_tag: 1
  dest_registry: dst.test
- src_repository: src.test/app
  dest_repositry: dst.test/app
  dest_tag: 1
container_images:
- context: .
`,
      to,
    );
    expect(errors).toEqual([
      '6 the credentials of its registry do not allow dst.test/other/app: it does not match "^dst.test/team/" (line 2)',
      ...['9 src_tag is missing', '9 dest_repository is missing'],
      expect.stringMatching(/^10 unknown key "dest_repositry": did you mean dest_repository\?/),
      '13 repository is missing',
    ]);
  });
});

describe('a list of image-syncer', () => {
  const rules = `quay.test/coreos/proxy: dst.test/proxy
quay.test/coreos/proxy:v1.0: dst.test/proxy
quay.test/coreos/proxy:v1.1: dst.test/proxy:stable
quay.test/coreos/proxy:v1.0,v2.0: dst.test/proxy
quay.test/coreos/proxy:a,b: dst.test/proxy:c,d
quay.test/coreos/proxy@${digest}: dst.test/proxy
quay.test/coreos/tool:v1.1:
  - dst.test/one
  - dst.test/two
quay.test/coreos/tool:/^1/: dst.test/proxy
`;
  const expected = (offset: number) =>
    [
      `1 quay.test/coreos/proxy ${all} -> dst.test/proxy`,
      '2 quay.test/coreos/proxy:v1.0 as v1.0 -> dst.test/proxy',
      '3 quay.test/coreos/proxy:v1.1 as stable -> dst.test/proxy',
      '4 quay.test/coreos/proxy:v1.0 as v1.0 -> dst.test/proxy',
      '4 quay.test/coreos/proxy:v2.0 as v2.0 -> dst.test/proxy',
      '5 quay.test/coreos/proxy:a as c -> dst.test/proxy',
      '5 quay.test/coreos/proxy:b as d -> dst.test/proxy',
      '6 quay.test/coreos/proxy@sha256:14b26 as null -> dst.test/proxy',
      '7 quay.test/coreos/tool:v1.1 as v1.1 -> dst.test/one',
      '7 quay.test/coreos/tool:v1.1 as v1.1 -> dst.test/two',
      '10 quay.test/coreos/tool {1 1.2 1.2.3-rc1} -> dst.test/proxy',
    ].map((text) => text.replace(/^\d+/, (line) => String(Number(line) + offset)));

  it('copies to one or several destinations', async () => {
    expect(await read(rules)).toEqual({ entries: expected(0), errors: [], warnings: [] });
  });

  it('may have its logins in the same file, which are ignored', async () => {
    const indented = rules.replace(/^/gm, '  ').trimEnd();
    const { entries, errors, warnings } = await read(
      `auth:\n  quay.test: {username: a, password: b, insecure: true}\nimages:\n${indented}\n`,
    );
    expect(errors).toEqual([]);
    expect(entries).toEqual(expected(3));
    expect(warnings).toEqual([
      '1 auth is ignored: logins come from the settings file, or from the config.json of Docker',
    ]);
  });

  it('may be JSON', async () => {
    const { entries } = await read('{\n  "src.test/app:1": ["dst.test/app", "dst.test/copy:2"]\n}\n');
    expect(entries).toEqual([
      '2 src.test/app:1 as 1 -> dst.test/app',
      '2 src.test/app:1 as 2 -> dst.test/copy',
    ]);
  });

  it('reports everything that is wrong in it by line', async () => {
    const { errors } = await read(`src.test/app:a,b: dst.test/app:c
src.test/app:/x: dst.test/app
src.test/app:1:
src.test/app:2: []
src.test/app:3: $DESTINATION/app
src.test/app:4: {a: b, c: d}
src.test/app:a,b/c: dst.test/app
`);
    expect(errors).toEqual([
      '1 source and destination must have equally many tags, not 2 and 1',
      '2 a pattern for tags must be between slashes: host/path:/pattern/',
      '3 the source src.test/app:1 has no destination',
      '4 the source src.test/app:2 has no destination',
      '5 "$DESTINATION/app" has a template or a variable: these are not evaluated',
      '6 src.test/app:4 must be a string',
      expect.stringMatching(/^7 /),
    ]);
  });
});

describe('a list of lines', () => {
  it('copies each source to its destination, or below --to', async () => {
    const text = `# images of a release

src.test/app:1   dst.test/app
src.test/app:1 dst.test/app:stable # as a comment\r
busybox\tdst.test/busybox
src.test/team/tool@${digest}
`;
    const { entries, errors } = await read(text, to);
    expect(errors).toEqual([]);
    expect(entries).toEqual([
      '3 src.test/app:1 as 1 -> dst.test/app',
      '4 src.test/app:1 as stable -> dst.test/app',
      `5 index.docker.io/library/busybox ${all} -> dst.test/busybox`,
      '6 src.test/team/tool@sha256:14b26 as null -> mirror.test/all/tool',
    ]);
  });

  it('reports everything that is wrong in it by line', async () => {
    const { errors } = await read(
      'src.test/app:1 dst.test/app\nsrc.test/app dst.test/app more\nsrc.test/app:\nhttps://src.test/app dst.test/app\n',
    );
    expect(errors).toEqual([
      '2 a line is a source and a destination, but here are 3 words',
      expect.stringMatching(/^3 .*no registry can have the tag/),
      expect.stringMatching(/^4 /),
    ]);
  });
});

describe('a user and a password in a name', () => {
  it.each([
    ['a line', 'robot:hunter!2@src.test/app:1 dst.test/app\n'],
    ['a line with a digest', `robot:hunter!2@src.test/app@${digest} dst.test/app\n`],
    ['our own list', 'mirror:\n- {source: src.test/app, destination: "robot:hunter!2@dst.test/app"}\n'],
    ['regsync', 'sync:\n- {source: "robot:hunter!2@app", target: dst.test/app, type: repository}\n'],
    ['skopeo', '"robot:hunter!2@src.test":\n  images: {app: []}\n'],
    ['image-syncer', '"robot:hunter!2@src.test/app":\n'],
    ['image-syncer with tags', '"robot:hunter!2@src.test/app:a,b": dst.test/app\n'],
    ['Zuul', 'container_images:\n- {repository: "robot:hunter!2@src.test/app"}\n'],
  ])('is an error of %s that does not show them', async (_, text) => {
    const { errors } = await read(text, to);
    expect(errors).toHaveLength(1);
    expect(errors[0]).toContain('xxxxx@');
    expect(errors[0]).not.toContain('hunter');
  });
});

describe('a file', () => {
  it.each([
    ['that is empty', '', /^1 the list has no images$/],
    ['with comments only', '# nothing\n', /^1 the list has no images$/],
    ['without images', 'sync: []\n', /^1 the list has no images$/],
    ['that is a list', '- src.test/app\n', /^1 this is no known list: it must be a map/],
    ['with malformed YAML', 'sync:\n- source: [a\n', /^\d+ column \d+: /],
  ])('%s is an error', async (_, text, message) => {
    const { entries, errors } = await read(text);
    expect(entries).toEqual([]);
    expect(errors).toEqual([expect.stringMatching(message)]);
  });

  it('that does not exist is an error', async () => {
    const { errors } = await readMirrorList('/nonexistent', undefined);
    expect(errors).toEqual([
      { file: '/nonexistent', line: 1, message: 'the file cannot be read: no such file or directory' },
    ]);
  });

  it('with destinations of its own is refused with --to', async () => {
    await expect(read('src.test/app:1 dst.test/app\n', to)).rejects.toThrow(
      '--to is given, but every entry of the list has a destination of its own',
    );
  });
});
