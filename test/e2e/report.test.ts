// Report pages in a real browser: sorted, filtered and shown whole, without a request, and with foreign strings as text.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';
import { type BrowserPage, openInBrowser } from '../support/browser.ts';
import { describeServices } from '../support/describe-services.ts';
import { startDockerRegistry } from '../support/docker-registry.ts';
import {
  imageWith,
  type ManifestContent,
  manifestText,
  registryWith,
  textFile,
} from '../support/promotion.ts';
import { pushImage } from '../support/push-image.ts';
import { runRegistryImageExecutable } from '../support/run.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const environment = { HOME: '/nonexistent' };
const [one, two, gone] = await Promise.all(['1', '2', 'gone'].map(imageWith));
if (!one || !two || !gone) {
  throw new Error('the images of this file must be built');
}

async function run(...args: readonly string[]) {
  return await runRegistryImageExecutable(args, { environment });
}

/** The cells of a column, counted from 1, of the rows that are shown. */
const column = (page: BrowserPage, position: number) =>
  page.evaluate(
    `[...document.querySelectorAll('tbody td:nth-child(${position})')].map((cell) => cell.textContent)`,
  );
const text = (page: BrowserPage, selector: string) =>
  page.evaluate(`document.querySelector(${JSON.stringify(selector)}).textContent`);
const sortOf = (page: BrowserPage) =>
  page.evaluate(`[...document.querySelectorAll('th')].map((header) => header.ariaSort).join(' ')`);
const chips = (page: BrowserPage) =>
  page.evaluate(`[...document.querySelectorAll('[data-kind]')].map((chip) => chip.textContent).sort()`);

/** The command lines of the processes of a browser that still run. */
async function leftProcesses(profile: string): Promise<string[]> {
  const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(ids.map((id) => readFile(`/proc/${id}/cmdline`, 'utf8').catch(() => '')));
  return lines.filter((line) => line.includes(profile));
}

describeServices(['docker-registry', 'chromium'], 'the report of a promotion in a browser', () => {
  it('is sorted by clicks and keys, filtered by words and outcomes, and shows foreign strings as they are', async () => {
    await using source = await startDockerRegistry();
    await using production = await startDockerRegistry();
    const hostile =
      '</script><script>window.isHacked = true</script><img src="http://127.0.0.1:1/x" onerror="isHacked=1">';
    const body = { errors: [{ code: 'DENIED', message: hostile }] };
    const refusing = await registryWith(
      {},
      { faults: [{ path: /./, fault: { kind: 'status', status: 403, body } }] },
    );
    await pushImage(source, 'staging/app', one);
    await pushImage(source, 'staging/tool', one);
    await pushImage(production, 'prod/tool', two, 'latest');
    const images: ManifestContent = {
      app: [
        [one, 'v1.10.0', 'v1.9.0'],
        [gone, 'v2.0.0'],
      ],
      tool: [[one, 'latest']],
    };
    const places = [`${production.host}/prod`, `${refusing.host}/prod`];
    const manifest = await textFile(
      '<b onclick=x>&quot;.yaml',
      manifestText(`${source.host}/staging`, places, images),
    );
    const report = join(await temporaryDirectory(), 'report #1.html');
    const { status, stdout } = await run('promote', '--manifest', manifest, '--confirm', '--report', report);
    expect(status).toBe(1);
    expect(stdout).toMatch(/\n8 edges: 2 copied, 1 lost, 1 tag move not allowed, 4 failed\n$/);

    await using page = await openInBrowser(report);
    expect(await text(page, 'title')).toMatch(/^Promotion: Carried out\. 8 edges: 2 copied/);
    expect(await text(page, 'dl')).toContain(manifest);
    expect(await text(page, '.tiles')).toMatch(
      /8 edges\s+0 present\s+0 pending\s+2 copied\s+0 tagged\s+4 failed\s+1 lost/,
    );
    expect(await chips(page)).toEqual(['copied 2', 'failed 4', 'lost 1', 'tag-move 1']);
    expect(await column(page, 6)).toContainEqual(expect.stringContaining(hostile));
    expect(await text(page, 'details')).toContain(hostile);

    const inOrder = await column(page, 3);
    await page.click('th:nth-child(3) button');
    expect(await sortOf(page)).toBe('none none ascending none none none');
    expect(await column(page, 3)).toEqual([
      ...['latest', 'latest', 'v1.9.0', 'v1.9.0', 'v1.10.0', 'v1.10.0', 'v2.0.0', 'v2.0.0'],
    ]);
    await page.press('Enter');
    expect(await sortOf(page)).toBe('none none descending none none none');
    expect(await column(page, 3)).toEqual([
      ...['v2.0.0', 'v2.0.0', 'v1.10.0', 'v1.10.0', 'v1.9.0', 'v1.9.0', 'latest', 'latest'],
    ]);
    await page.press(' ');
    expect(await sortOf(page)).toBe('none none none none none none');
    expect(await column(page, 3)).toEqual(inOrder);

    await page.click('[type=search]');
    await page.type('PROD/app v1');
    expect(await text(page, '#count')).toBe('4 of 8 rows');
    expect(await chips(page)).toEqual(['copied 2', 'failed 2', 'lost 0', 'tag-move 0']);
    await page.click('[data-kind=copied]');
    expect(await column(page, 1)).toEqual(['copied', 'copied']);
    expect(await text(page, '#count')).toBe('2 of 8 rows');
    await page.click('[data-kind=failed]');
    expect(await text(page, '#count')).toBe('4 of 8 rows');
    await page.type(' nothing-has-this');
    expect(await column(page, 1)).toEqual([]);
    expect(await text(page, '#count')).toBe('0 of 8 rows');
    await page.click('[type=reset]');
    expect(await text(page, '#count')).toBe('8 rows');
    expect(await column(page, 3)).toEqual(inOrder);

    const digestWidth = `document.querySelector('.digest').scrollWidth > document.querySelector('.digest').clientWidth`;
    await page.show('light', 1200);
    expect(await page.evaluate(digestWidth)).toBe(true);
    await page.click('[type=checkbox]');
    expect(await page.evaluate(digestWidth)).toBe(false);

    expect(await page.evaluate('window.isHacked')).toBeUndefined();
    expect(page.problems).toEqual([]);
    expect(page.requests).toEqual([pathToFileURL(report).href]);
  });

  it('is written by apply, audit and mirror, too, and each opens without a problem', async () => {
    await using source = await startDockerRegistry();
    await using production = await startDockerRegistry();
    await pushImage(source, 'staging/app', one, '1');
    await pushImage(production, 'prod/app', two, 'stray');
    const text_ = manifestText(`${source.host}/staging`, [`${production.host}/prod`], {
      app: [[one, '1', '2']],
    });
    const manifest = await textFile('manifest.yaml', text_);
    const list = await textFile('list.txt', `${source.host}/staging/app:1 ${production.host}/mirror/app:1\n`);
    const folder = await temporaryDirectory();
    const [plan, report] = [join(folder, 'plan.json'), join(folder, 'report.html')];
    expect(await run('promote', '--manifest', manifest, '--out', plan)).toMatchObject({ status: 2 });
    for (const [args, status, title, rows] of [
      [['apply', plan], 0, 'Promotion by a saved plan', ['copied', 'copied']],
      [['audit', '--manifest', manifest], 2, 'Audit', ['unexpected']],
      [['mirror', list], 2, 'Mirror', ['pending']],
    ] as const) {
      expect(await run(...args, '--report', report), title).toMatchObject({ status });
      await using page = await openInBrowser(report);
      expect(await text(page, 'h1')).toBe(title);
      expect(await column(page, 1)).toEqual(rows);
      expect(page.problems).toEqual([]);
    }
  });
});

describeServices(['chromium'], 'the report of a comparison in a browser', () => {
  it('shows hundreds of rows at first, all when printed or asked, in both colour schemes and on a narrow screen', async () => {
    const tags = Array.from({ length: 720 }, (_, position) => `v${position}`);
    const manifest = (content: ManifestContent) =>
      textFile('manifest.yaml', manifestText('a.test/staging', ['b.test/prod'], content));
    const report = join(await temporaryDirectory(), 'report.html');
    const [before, after] = [
      await manifest({ app: [[one, 'v0']] }),
      await manifest({ app: [[one, ...tags]] }),
    ];
    expect(await run('diff', before, after, '--report', report)).toMatchObject({ status: 2 });

    const page = await openInBrowser(report);
    try {
      expect(await column(page, 1)).toHaveLength(500);
      expect(await text(page, '#count')).toBe('719 rows');
      expect(await text(page, '#more')).toBe('The first 500 of them are shown. Show all');
      await page.evaluate(
        `window.addEventListener('beforeprint', () => { window.printed = document.querySelectorAll('tbody tr').length; })`,
      );
      await page.print();
      expect(await page.evaluate('window.printed')).toBe(719);
      expect(await column(page, 1)).toHaveLength(500);
      await page.click('#more button');
      expect(await column(page, 1)).toHaveLength(719);
      expect(await page.evaluate(`document.getElementById('more').hidden`)).toBe(true);
      await page.click('[type=search]');
      await page.type('v71');
      expect(await column(page, 3)).toEqual([
        'v71',
        ...Array.from({ length: 10 }, (_, digit) => `v71${digit}`),
      ]);

      const colour = `getComputedStyle(document.body).backgroundColor`;
      await page.show('light', 1200);
      const light = await page.evaluate(colour);
      await page.show('dark', 380);
      expect(await page.evaluate(colour)).not.toBe(light);
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(380);
      expect(page.problems).toEqual([]);
      expect(page.requests).toEqual([pathToFileURL(report).href]);
      expect(await leftProcesses(page.profile)).not.toEqual([]);
    } finally {
      await page[Symbol.asyncDispose]();
    }
    expect(await leftProcesses(page.profile)).toEqual([]);
  });
});
