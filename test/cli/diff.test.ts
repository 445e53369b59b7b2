// registry-image validate and diff: what they print about promotion manifests, and their exit status.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { imageWith, manifestText, textFile } from '../support/promotion.ts';
import { runCli, runCliJson } from '../support/run-cli.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const [one, two, three] = await Promise.all([imageWith('1'), imageWith('2'), imageWith('3')]);
const written = (...content: Parameters<typeof manifestText>) =>
  textFile('manifest.yaml', manifestText(...content));

describe('validate', () => {
  const good = () => written('a.test/staging', ['b.test/prod'], { app: [[one, '1'], [two]] });
  const bad = () =>
    textFile(
      'bad.yaml',
      'registries:\n- name: a.test/x\n  src: true\n- name: b.test/x\n  sr: true\nimages: []\nimage: []\n',
    );

  it('counts what it has read', async () => {
    expect(await runCli(['validate', await good(), await good()])).toEqual({
      code: 0,
      stdout: '0 errors, 0 warnings in 2 manifests with 4 digests\n',
      stderr: '',
    });
  });

  it('prints every error of all files as file:line: message, then how many', async () => {
    const [first, second] = [await bad(), await bad()];
    const { code, stdout, stderr } = await runCli(['validate', first, await good(), second]);
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
    const lines = stdout.trimEnd().split('\n');
    for (const file of [first, second]) {
      expect(lines).toContainEqual(expect.stringContaining(`${file}:5: unknown key "sr"`));
      expect(lines).toContainEqual(expect.stringContaining(`${file}:7: unknown key "image"`));
    }
    expect(lines.at(-1)).toMatch(/^4 errors, 0 warnings in /);
  });

  it('distinguishes thin directories from files, and warns', async () => {
    const root = await temporaryDirectory();
    await mkdir(join(root, 'manifests', 'a'), { recursive: true });
    await mkdir(join(root, 'images', 'a'), { recursive: true });
    const registries = 'registries:\n- {name: a.test/x, src: true}\n- name: b.test/x\nimagesPath: x\n';
    await writeFile(join(root, 'manifests/a/promoter-manifest.yaml'), registries);
    await writeFile(join(root, 'images/a/images.yaml'), '');
    const { code, json } = await runCliJson(['validate', root]);
    expect(code).toBe(0);
    expect(json).toEqual({
      errors: [],
      warnings: [
        {
          file: join(root, 'manifests/a/promoter-manifest.yaml'),
          line: 4,
          message: expect.stringContaining('imagesPath is ignored'),
        },
      ],
    });
    expect((await runCli(['validate', root])).stdout).toMatch(
      /promoter-manifest.yaml:4: warning: imagesPath is ignored.*\n0 errors, 1 warning in 1 manifest with 0 digests\n$/,
    );
  });

  it('fails for a file that is not there', async () => {
    const { code, json } = await runCliJson(['validate', '/nonexistent.yaml']);
    expect(code).toBe(1);
    expect(json.errors).toEqual([
      { file: '/nonexistent.yaml', line: 1, message: 'the file cannot be read: no such file or directory' },
    ]);
  });
});

describe('diff', () => {
  const oldFile = () =>
    written('a.test/staging', ['b.test/prod', 'c.test/prod'], {
      app: [
        [one, '1.0', 'latest'],
        [two, '0.9'],
      ],
    });
  const newFile = () =>
    written('a.test/staging', ['b.test/prod', 'd.test/prod'], {
      app: [
        [one, '1.0'],
        [three, '2.0', 'latest'],
      ],
    });

  it('exits with 0 and lists nothing without differences', async () => {
    expect(await runCli(['diff', await oldFile(), await oldFile()])).toEqual({
      code: 0,
      stdout: '0 added, 0 removed, 0 moved\n',
      stderr: '',
    });
  });

  it('lists what is added, removed and moved, with destinations that are new or gone', async () => {
    const { code, json } = await runCliJson(['diff', await oldFile(), await newFile()]);
    expect(code).toBe(2);
    expect(json).toMatchObject({
      summary: { added: 1, removed: 1, moved: 1 },
      changes: [
        { name: 'app', digest: two.digest, tag: '0.9', kind: 'removed', was: null },
        { name: 'app', digest: three.digest, tag: '2.0', kind: 'added', was: null },
        { name: 'app', digest: three.digest, tag: 'latest', kind: 'moved', was: one.digest },
      ],
      destinations: [
        { registry: 'c.test/prod', kind: 'gone' },
        { registry: 'd.test/prod', kind: 'new' },
      ],
    });
    const { stdout } = await runCli(['diff', await oldFile(), await newFile()]);
    expect(stdout).toMatch(/^gone destination {2}c\.test\/prod/m);
    expect(stdout).toMatch(new RegExp(`^moved +app:latest +${three.digest} .*was on ${one.digest}$`, 'm'));
    expect(stdout).toMatch(/\n1 added, 1 removed, 1 moved, 2 registries new or gone\n$/);
  });

  it.each([
    ['removed', 1],
    ['moved', 1],
    ['removed,moved', 1],
    ['added', 1],
  ])('exits with 1 when --forbid %s forbids a change, and says so', async (forbid, code) => {
    const result = await runCli(['diff', await oldFile(), await newFile(), '--forbid', forbid]);
    expect(result).toMatchObject({ code });
    expect(result.stderr).toMatch(new RegExp(`--forbid ${forbid} does not allow \\d+ change`));
  });

  it('exits with 2 for changes that --forbid allows', async () => {
    const more = await written('a.test/staging', ['b.test/prod', 'c.test/prod'], {
      app: [
        [one, '1.0', 'latest', 'stable'],
        [two, '0.9'],
      ],
    });
    expect(await runCli(['diff', await oldFile(), more, '--forbid', 'removed,moved'])).toMatchObject({
      code: 2,
    });
  });

  it('marks a digest that only got its first tag, and forbids that not as a removal', async () => {
    const bare = await written('a.test/staging', ['b.test/prod'], { app: [[one]] });
    const tagged = await written('a.test/staging', ['b.test/prod'], { app: [[one, '1.0']] });
    const { code, json } = await runCliJson(['diff', bare, tagged, '--forbid', 'removed']);
    expect(code).toBe(2);
    expect(json.changes).toEqual([
      expect.objectContaining({ digest: one.digest, tag: null, kind: 'removed', still_promoted: true }),
      expect.not.objectContaining({ still_promoted: true }),
    ]);
  });

  it('fails for a change that does not exist, and for manifests with errors', async () => {
    const wrong = await runCli(['diff', await oldFile(), await newFile(), '--forbid', 'remved']);
    expect(wrong).toMatchObject({ code: 1, stdout: '' });
    expect(wrong.stderr).toMatch(/"remved" is not a change.*\nhint: did you mean removed\?/);
    const bad = await textFile('bad.yaml', 'registries: []\nimages: []\n');
    const failed = await runCli(['diff', await oldFile(), bad]);
    expect(failed).toMatchObject({ code: 1, stdout: '' });
    expect(failed.stderr).toContain(`${bad}:1: `);
  });
});
