// The option --report of every command that has it: the page beside the answer, and files that cannot be written.

import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { lstat, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createProgram } from '../../src/cli/program.ts';
import { imageWith, manifestFile, registryWith, textFile } from '../support/promotion.ts';
import { runCli } from '../support/run-cli.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const [one, two, gone] = await Promise.all([imageWith('1'), imageWith('2'), imageWith('gone')]);

/** A source, a destination with a tag that would move, and a manifest that also names an image that is lost. */
async function scene() {
  const source = await registryWith({ 'staging/app:': one });
  const destination = await registryWith({ 'prod/app:latest': two });
  const images = { app: [[one, '1.0', 'latest'] as const, [gone, '9.9'] as const] };
  const manifest = await manifestFile(source, [destination], images);
  return { source, destination, manifest, folder: await temporaryDirectory() };
}

/** What a page says: facts, numbers, what was set aside, and the first three cells of every row. */
async function readPage(path: string) {
  const html = (await readFile(path, 'utf8')).replaceAll('<wbr>', '');
  const all = (pattern: RegExp) => [...html.matchAll(pattern)].map(([, ...found]) => found.join(' '));
  return {
    html,
    title: all(/<h1>(.*)<\/h1>/g)[0],
    verdict: all(/<p class="verdict \w+">(.*)<\/p>/g)[0],
    facts: Object.fromEntries(
      [...html.matchAll(/<dt>(.*)<\/dt><dd>(.*)<\/dd>/g)].map(([, name, value]) => [name, value]),
    ),
    tiles: all(/<strong>(\S+)<\/strong> (.*)<\/li>/g).filter((tile) => !tile.startsWith('0 ')),
    aside: all(/<summary>(.*) <b>(\d+)<\/b>/g),
    rows: all(/^<tr class="\w+"><td>(.*?)<\/td><td>(.*?)<\/td><td>(.*?)<\/td>/gm),
  };
}

describe('the page of', () => {
  it('a dry run names what would be done, and what was set aside and why', async () => {
    const { destination, manifest, folder } = await scene();
    const place = `${destination.host}/prod/app`;
    const report = join(folder, 'report.html');
    const plain = await runCli(['promote', '--manifest', manifest]);
    const { code, stdout, stderr } = await runCli(['promote', '--manifest', manifest, '--report', report]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: plain.stdout });
    expect(stderr).toContain(`the report is in ${report}`);
    expect(await readdir(folder)).toEqual(['report.html']);
    const page = await readPage(report);
    expect(page).toMatchObject({
      title: 'Promotion',
      verdict: 'Dry run: nothing was changed. 3 edges: 1 pending, 1 lost, 1 tag move not allowed.',
      tiles: ['3 edges', '1 pending', '1 lost', '1 tag move not allowed'],
      aside: ['Lost 1', 'Tag moves that are not allowed 1'],
      rows: [`pending ${place} 1.0`, `tag-move ${place} latest`, `lost ${place} 9.9`],
    });
    expect(page.facts).toMatchObject({
      Command: `registry-image promote --manifest ${manifest} --report ${report}`,
      Manifests: manifest,
      Made: expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC$/),
      'Exit status': '1: something could not be done, or is forbidden',
    });
    expect(page.html).toContain(`the tag is on ${two.digest} and may not move`);
  });

  it('a promotion, and of one that --strict has stopped, says what was done', async () => {
    const { manifest, folder } = await scene();
    const report = join(folder, 'report.html');
    const args = ['promote', '--manifest', manifest, '--confirm', '--report', report];
    expect(await runCli([...args, '--strict'])).toMatchObject({ code: 1 });
    expect(await readPage(report)).toMatchObject({
      verdict: expect.stringMatching(/^Stopped by --strict: nothing was changed\. 3 edges: 1 pending/),
    });
    expect(
      await runCli([...args, '--shard', '0/1', '--allow-lost', '--allow-tag-moves=it is $']),
    ).toMatchObject({
      code: 1,
    });
    const page = await readPage(report);
    expect(page.verdict).toMatch(/^Carried out\. 3 edges: 1 copied, 1 lost/);
    expect(page.facts).toMatchObject({
      Shard: '0/1',
      Command: expect.stringMatching(/ &#39;--allow-tag-moves=it is \$&#39;$/),
    });
  });

  it('a plan that is applied says when the plan was made', async () => {
    const { source, destination, folder } = await scene();
    const manifest = await manifestFile(source, [destination], { app: [[one, '1.0']] });
    const [plan, report] = [join(folder, 'plan.json'), join(folder, 'report.htm')];
    await runCli(['promote', '--manifest', manifest, '--out', plan]);
    const answer = await runCli(['apply', plan, '--report', report, '--json']);
    expect(answer).toMatchObject({ code: 0, stdout: expect.stringContaining('"copied":1') });
    const page = await readPage(report);
    const { created } = JSON.parse(await readFile(plan, 'utf8'));
    expect(page).toMatchObject({
      title: 'Promotion by a saved plan',
      verdict: 'Carried out. 1 edge: 1 copied.',
      facts: { Plan: `${plan}, made at ${created}`, 'Exit status': '0: done, or nothing to do' },
      aside: [],
      rows: [`copied ${destination.host}/prod/app 1.0`],
    });
  });

  it('each shard has a name of its own: tasks with the same arguments do not replace the page of another', async () => {
    const { source, destination, folder } = await scene();
    const second = await registryWith();
    const manifest = await manifestFile(source, [destination, second], { app: [[one, '1.0']] });
    const [plan, report] = [join(folder, 'plan.json'), join(folder, 'report.html')];
    await runCli(['promote', '--manifest', manifest, '--out', plan]);
    const planned = [
      'promote',
      '--manifest',
      manifest,
      '--shard',
      '0/2',
      '--report',
      join(folder, 'plan.htm'),
    ];
    expect(await runCli(planned)).toMatchObject({ code: 2 });
    for (const index of ['0', '1']) {
      const environment = { JOB_COMPLETION_INDEX: index, SHARD_COUNT: '2' };
      const { code, stderr } = await runCli(['apply', plan, '--report', report], { environment });
      expect(code).toBe(0);
      expect(stderr).toContain(`the report is in ${join(folder, `report-${index}-of-2.html`)}`);
    }
    expect((await readdir(folder)).sort()).toEqual([
      'plan-0-of-2.htm',
      'plan.json',
      'report-0-of-2.html',
      'report-1-of-2.html',
    ]);
    const pages = [
      await readPage(join(folder, 'report-0-of-2.html')),
      await readPage(join(folder, 'report-1-of-2.html')),
    ];
    expect(pages.map(({ facts }) => facts.Shard)).toEqual(['0/2', '1/2']);
    expect(pages.flatMap(({ rows }) => rows).sort()).toEqual(
      [destination, second].map(({ host }) => `copied ${host}/prod/app 1.0`).sort(),
    );
  });

  it('an audit lists differences and destinations that could not be read', async () => {
    const { source, destination, folder } = await scene();
    const broken = await registryWith(
      {},
      { faults: [{ path: /./, fault: { kind: 'status', status: 403 } }] },
    );
    const manifest = await manifestFile(source, [destination, broken], { app: [[one, '1.0', 'latest']] });
    const report = join(folder, 'report.html');
    expect(await runCli(['audit', '--manifest', manifest, '--report', report])).toMatchObject({ code: 1 });
    expect(await readPage(report)).toMatchObject({
      title: 'Audit',
      verdict: '2 differences; 1 destination could not be read.',
      tiles: ['4 expected', '1 missing', '1 moved', '1 not read'],
      aside: ['Not read 1'],
      rows: [
        `not read ${broken.host}/prod/app —`,
        `missing ${destination.host}/prod/app 1.0`,
        `moved ${destination.host}/prod/app latest`,
      ],
    });
    const clean = await manifestFile(source, [destination], { app: [[two, 'latest']] });
    expect(await runCli(['audit', '--manifest', clean, '--report', report])).toMatchObject({ code: 0 });
    expect(await readPage(report)).toMatchObject({
      verdict: 'The destinations hold exactly what the manifests say.',
      rows: [],
    });
  });

  it('a comparison of manifests marks what --forbid refuses', async () => {
    const [a, b, c] = ['a.test', 'b.test', 'c.test'].map((host) => ({ host }));
    const [source, kept, fresh] = [a!, b!, c!];
    const before = await manifestFile(source, [kept], { app: [[one, '1', 'latest']] });
    const after = await manifestFile(source, [kept, fresh], { app: [[two, 'latest', '2']] });
    const report = join(await temporaryDirectory(), 'report.html');
    const plain = await runCli(['diff', before, after, '--forbid', 'moved']);
    expect(await runCli(['diff', before, after, '--forbid', 'moved', '--report', report])).toMatchObject({
      code: 1,
      stdout: plain.stdout,
    });
    const page = await readPage(report);
    expect(page).toMatchObject({
      verdict: '1 added, 1 removed, 1 moved; forbidden: 1.',
      facts: { Before: before, After: after },
      tiles: ['1 added', '1 removed', '1 moved', '1 registries new or gone', '1 forbidden'],
      aside: ['Forbidden: moved 1'],
      rows: ['new destination c.test/prod —', 'removed app 1', 'added app 2', 'moved app latest'],
    });
    expect(await runCli(['diff', before, after, '--report', report])).toMatchObject({ code: 2 });
    expect((await readPage(report)).html).toContain('No change is forbidden: --forbid is not given.');
    expect(await runCli(['diff', before, before, '--report', report])).toMatchObject({ code: 0 });
    expect((await readPage(report)).verdict).toBe('The manifests promote the same.');
  });

  it('a mirror has what the list asks for and is not done', async () => {
    const { source, destination, folder } = await scene();
    const list = await textFile(
      'regsync.yml',
      `version: 1\nsync:\n- {source: "${source.host}/staging/none:1", target: "${destination.host}/copy:1", type: image, schedule: "0 1 * * *"}\n`,
    );
    const report = join(folder, 'report.html');
    const { code, stderr } = await runCli(['mirror', list, '--report', report]);
    expect(code).toBe(1);
    const page = await readPage(report);
    expect(page).toMatchObject({ title: 'Mirror', facts: { List: list }, aside: ['Lost 1', 'Warnings 1'] });
    const [, warning = ''] = /<p>(.*regsync\.yml:3: .*)<\/p>/.exec(page.html) ?? [];
    expect(stderr).toContain(warning.split('<')[0]?.replaceAll('&quot;', '"'));
  });
});

it('every command that has the option has it in its help', () => {
  const { commands } = createProgram(() => {});
  const having = commands.filter(({ options }) => options.some(({ long }) => long === '--report'));
  expect(having.map((command) => command.name()).sort()).toEqual([
    'apply',
    'audit',
    'diff',
    'mirror',
    'promote',
  ]);
});

it('two runs with the same input and clock write the same bytes', async () => {
  const { manifest, folder } = await scene();
  const report = join(folder, 'report.html');
  const write = async () => {
    await runCli(['promote', '--manifest', manifest, '--report', report]);
    return await readFile(report, 'utf8');
  };
  expect(await write()).toBe(await write());
});

it('the page has no secret, also where a registry sends it back', async () => {
  const { folder, source, destination } = await scene();
  const secret = `pass<word>&"'`;
  const denied = { errors: [{ code: 'DENIED', message: `no pull for ${secret}` }] };
  const refusing = await registryWith(
    {},
    { faults: [{ path: /./, fault: { kind: 'status', status: 403, body: denied } }] },
  );
  const settings = JSON.stringify({
    registries: [{ name: refusing.host, username: 'robot', password: secret }],
  });
  const config = await textFile('settings.yaml', settings);
  const report = join(folder, 'report.html');
  const bad = await manifestFile(source, [destination, refusing], { app: [[one, '1.0']] });
  for (const command of ['promote', 'audit']) {
    await runCli([command, '--manifest', bad, '--config', config, '--report', report]);
    const { html } = await readPage(report);
    expect(html).toContain('no pull for REDACTED');
    expect(html).not.toMatch(/pass(<|&lt;)word/);
  }
});

describe('a file that cannot be written', () => {
  const commands: readonly (readonly [name: string, args: (manifest: string) => readonly string[]])[] = [
    ['promote', (manifest) => ['promote', '--manifest', manifest, '--confirm']],
    ['audit', (manifest) => ['audit', '--manifest', manifest]],
    ['diff', (manifest) => ['diff', manifest, manifest]],
    ['mirror', (manifest) => ['mirror', manifest]],
    ['apply', (manifest) => ['apply', manifest]],
  ];
  const files: readonly (readonly [
    what: string,
    make: (folder: string) => Promise<string>,
    message: RegExp,
  ])[] = [
    [
      'whose directory does not exist',
      async (folder) => join(folder, 'none', 'a.html'),
      /cannot be written: .*no such/,
    ],
    [
      'below a file',
      async (folder) => {
        await writeFile(join(folder, 'file'), '');
        return join(folder, 'file', 'a.html');
      },
      /cannot be written: .*\nhint: the directory ".*file" must exist and be writable/,
    ],
    [
      'that is a directory',
      async (folder) => {
        await mkdir(join(folder, 'a.html'));
        return join(folder, 'a.html');
      },
      /a\.html" is a directory/,
    ],
    [
      'that is a pipe, a device or a socket',
      async (folder) => {
        execFileSync('mkfifo', [join(folder, 'b.html')]);
        return join(folder, 'b.html');
      },
      /b\.html" is no regular file/,
    ],
    [
      'that is a link to a device',
      async (folder) => {
        await symlink('/dev/null', join(folder, 'c.html'));
        return join(folder, 'c.html');
      },
      /c\.html" is no regular file/,
    ],
    [
      'that is not named as a page',
      async (folder) => join(folder, 'report.yaml'),
      /is not the name of an HTML file/,
    ],
  ];
  const cases = commands.flatMap(([name, args]) =>
    files.map(([what, make, message]) => ({ name, args, what, make, message })),
  );

  it.each(cases)('$what is an error of $name before any request', async ({ args, make, message }) => {
    const { source, destination, manifest, folder } = await scene();
    const report = await make(folder);
    const files = await readdir(folder);
    const { code, stdout, stderr } = await runCli([...args(manifest), '--report', report]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(message);
    expect([...source.requests, ...destination.requests]).toEqual([]);
    expect(await readdir(folder)).toEqual(files);
  });

  it.each(['promote', 'mirror'])('is an error of --out of %s, too, before any request', async (command) => {
    const { source, destination, manifest, folder } = await scene();
    const list = await textFile(
      'list.txt',
      `${source.host}/staging/app:1.0 ${destination.host}/prod/app:1.0\n`,
    );
    const asked = command === 'mirror' ? ['mirror', list] : ['promote', '--manifest', manifest];
    for (const [, make, message] of files.filter(([what]) => what !== 'that is not named as a page')) {
      const out = await make(folder);
      const before = await readdir(folder);
      const { code, stdout, stderr } = await runCli([...asked, '--confirm', '--out', out]);
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(stderr).toMatch(message);
      expect(stderr).toContain(`--out ${JSON.stringify(out)}`);
      expect([...source.requests, ...destination.requests]).toEqual([]);
      expect(await readdir(folder)).toEqual(before);
    }
  });

  it.each(['/dev/stdout', '/dev/fd/1', '/proc/self/fd/2'])(
    'is an error of --out for %s, which the answer may be in',
    async (out) => {
      const { source, manifest } = await scene();
      const { code, stdout, stderr } = await runCli(['promote', '--manifest', manifest, '--out', out]);
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(stderr).toContain(`--out "${out}" is no regular file`);
      expect(source.requests).toEqual([]);
    },
  );

  it('because it is that of --out is an error before any request', async () => {
    const { destination, manifest, folder } = await scene();
    const args = ['promote', '--manifest', manifest, '--out', join(folder, 'a.html')];
    const { code, stderr } = await runCli([...args, '--report', join(folder, '.', 'a.html')]);
    expect(code).toBe(1);
    expect(stderr).toContain('--out and --report are the same file');
    expect(destination.requests).toEqual([]);
  });

  it.each(['plan.json', 'images/team/images.yaml'])(
    'of --out is an error for %s in the directory of thin manifests, which is left as it is',
    async (name) => {
      const { destination, folder } = await scene();
      const directory = join(folder, 'thin');
      const path = join(directory, 'images', 'team', 'images.yaml');
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, '[]\n');
      const args = ['promote', '--thin-manifest-dir', directory, '--out', join(directory, name)];
      const { code, stdout, stderr } = await runCli(args);
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(stderr).toContain('--out is in the directory of --thin-manifest-dir');
      expect(await readdir(directory)).toEqual(['images']);
      expect(await readFile(path, 'utf8')).toBe('[]\n');
      expect(destination.requests).toEqual([]);
    },
  );

  it.each(['--manifest', '--config', 'the list'])(
    'because it would replace %s is an error, too',
    async (read) => {
      const { destination, manifest, folder } = await scene();
      const config = join(folder, 'settings.yaml');
      await writeFile(config, 'registries: []\n');
      const command = read === 'the list' ? ['mirror', manifest] : ['promote', '--manifest', manifest];
      const path = read === '--config' ? config : manifest;
      const before = await readFile(path, 'utf8');
      const { code, stderr } = await runCli([...command, '--config', config, '--out', path]);
      expect(code).toBe(1);
      expect(stderr).toContain(`--out and ${read} are the same file`);
      expect(destination.requests).toEqual([]);
      expect(await readFile(path, 'utf8')).toBe(before);
    },
  );

  it('when the result is there makes the exit status 1, and the answer stays', async () => {
    const { source, destination, folder } = await scene();
    const manifest = await manifestFile(source, [destination], { app: [[two, 'latest']] });
    const below = join(folder, 'below');
    await mkdir(below);
    const plain = await runCli(['promote', '--manifest', manifest]);
    const { code, stdout, stderr } = await runCli(
      ['promote', '--manifest', manifest, '--report', join(below, 'a.html')],
      {
        redact: (text) => {
          rmSync(below, { recursive: true, force: true });
          return text;
        },
      },
    );
    expect(plain.code).toBe(0);
    expect({ code, stdout }).toEqual({ code: 1, stdout: plain.stdout });
    expect(stderr).toMatch(/writing ".*a\.html" failed/);
  });
});

it('a link to a file stays one, and the plan is written where it leads to', async () => {
  const { manifest, folder } = await scene();
  await mkdir(join(folder, 'volume'));
  const [link, file] = [join(folder, 'plan.json'), join(folder, 'volume', 'plan.json')];
  await writeFile(file, 'of an earlier run');
  await symlink(file, link);
  await runCli(['promote', '--manifest', manifest, '--out', link]);
  expect((await lstat(link)).isSymbolicLink()).toBe(true);
  expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({ format: 'registry-image plan' });
  expect(await readdir(join(folder, 'volume'))).toEqual(['plan.json']);
});

it('a page of an earlier run is replaced whole, and stays when there is no result', async () => {
  const { manifest, folder } = await scene();
  const report = join(folder, 'report.html');
  await writeFile(report, 'of an earlier run'.repeat(10_000));
  const wrong = await textFile('wrong.yaml', 'registries: []\n');
  expect(await runCli(['promote', '--manifest', wrong, '--report', report])).toMatchObject({ code: 1 });
  expect(await readFile(report, 'utf8')).toMatch(/^of an earlier run/);
  await runCli(['promote', '--manifest', manifest, '--report', report]);
  expect(await readFile(report, 'utf8')).toMatch(/^<!DOCTYPE html>[\s\S]*<\/html>\n$/);
  await rm(report);
  expect(await readdir(folder)).toEqual([]);
});
