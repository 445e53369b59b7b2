// Report pages as HTML: hostile strings, secrets, the policy, the bound on rows, and what is said of what is left out.
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { promotionPage } from '../../src/cli/promotion-page.ts';
import { reportHtml } from '../../src/cli/report-html.ts';
import { byReason, maximumRows, pageRows, type ReportPage } from '../../src/cli/report-page.ts';
import { reportScript } from '../../src/cli/report-script.ts';
import { reportStyle } from '../../src/cli/report-style.ts';
import { parseDigest } from '../../src/oci/digest.ts';
import { type EdgeOutcome, type ReportedEdge, summarize } from '../../src/promotion/promotion-report.ts';

const digest = parseDigest(`sha256:${'a'.repeat(64)}`);

function edge(outcome: EdgeOutcome, others: Partial<ReportedEdge> = {}): ReportedEdge {
  return {
    source: 'a.test/staging/app',
    destination: 'b.test/prod/app',
    digest,
    tag: '1',
    outcome,
    reason: '',
    ...others,
  };
}

function pageOf(edges: readonly ReportedEdge[], total = edges.length): ReportPage {
  const about = { title: 'Promotion', mode: 'dry-run', origin: [], warnings: [] } as const;
  return { ...promotionPage({ summary: summarize(edges, total), edges }, about), facts: [] };
}

const asIs = (text: string) => text;
/** Without the places in names where a line may break. */
const htmlOf = (page: ReportPage) => reportHtml(page, asIs).replaceAll('<wbr>', '');
/** The text of the cells of each row. */
const rowsOf = (html: string) =>
  [...html.matchAll(/^<tr class="(\w+)">(.*)<\/tr>$/gm)].map(([, tone, cells = '']) => [
    tone,
    ...[...cells.matchAll(/<td[^>]*>(?:<div>)?(.*?)(?:<\/div>)?<\/td>/g)].map(([, text]) => text),
  ]);

const hostile = [
  '<script>alert(1)</script>',
  '</script><script>alert(1)</script>',
  '</style><img src=x onerror=alert(1)>',
  '"><svg onload=alert(1)>',
  "' onmouseover='alert(1)",
  '<a href="javascript:alert(1)">x</a>',
  '&lt;script&gt;',
  '<!--',
];

describe('a hostile string', () => {
  const escaped = (text: string) =>
    text
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
      .replaceAll('"', '&quot;')
      .replaceAll("'", '&#39;');

  /** The page without what it is made of: no string that is not ours has a character of markup. */
  const places: Readonly<Record<string, (text: string) => ReportPage>> = {
    'the reason of a row': (reason) => pageOf([edge('failed', { reason })]),
    'the name of a destination': (destination) => pageOf([edge('lost', { destination })]),
    'a tag': (tag) => pageOf([edge('tag-move', { tag })]),
    'a source': (source) => pageOf([edge('pending', { source })]),
    'a fact': (value) => ({ ...pageOf([edge('pending')]), facts: [['Manifests', value]] }),
    'the verdict': (text) => ({ ...pageOf([edge('pending')]), verdict: { tone: 'bad', text } }),
    'a kind': (kind) => ({
      ...pageOf([]),
      rows: { shown: [{ tone: 'bad', cells: [kind] }], left: new Map([[kind, 1]]) },
    }),
    'a note': (note) => ({ ...pageOf([]), notes: [note] }),
    'a warning': (reason) => ({
      ...pageOf([]),
      asides: {
        title: 't',
        none: '',
        kinds: [{ title: 'w', count: 1, meaning: '', reasons: [{ reason, count: 1, places: [reason] }] }],
      },
    }),
  };

  it.each(Object.entries(places))('is nothing but text as %s', (_, place) => {
    const harmless = htmlOf(place('harmless'));
    for (const text of hostile) {
      expect(htmlOf(place(text)), text).toBe(harmless.replaceAll('harmless', () => escaped(text)));
    }
  });

  it('shows its control characters and marks of direction as escapes', () => {
    const html = htmlOf(pageOf([edge('failed', { reason: 'a\u001b[31m\u202eb\n' })]));
    expect(rowsOf(html)[0]?.at(-1)).toBe('a\\u001b[31m\\u202eb\\u000a');
  });
});

it('redacts secrets before they are escaped, wherever they stand', () => {
  const secret = `p"ss<w>'rd&`;
  const redact = (text: string) => text.replaceAll(secret, 'REDACTED');
  const page = pageOf([
    edge('failed', { reason: `denied: ${secret}`, destination: `b.test/${secret}`, tag: secret }),
  ]);
  const html = reportHtml({ ...page, facts: [['Command', secret]], notes: [secret] }, redact);
  expect(html).not.toContain('rd&amp;');
  expect(html.match(/REDACTED/g)?.length).toBeGreaterThanOrEqual(6);
});

it('admits its own style and script by digest, and nothing else', () => {
  const html = htmlOf(pageOf([edge('pending')]));
  const digestOf = (name: string) => {
    const [, content = ''] = new RegExp(`<${name}>([\\s\\S]*?)</${name}>`).exec(html) ?? [];
    return `'sha256-${createHash('sha256').update(content).digest('base64')}'`;
  };
  const [, policy] = /<meta http-equiv="Content-Security-Policy" content="([^"]*)">/.exec(html) ?? [];
  expect(policy).toBe(
    `default-src 'none'; style-src ${digestOf('style')}; script-src ${digestOf('script')}; base-uri 'none'; form-action 'none'`,
  );
  expect(html).not.toMatch(/\b(?:src|href|style|on\w+)=|@import|url\(|https?:/);
});

it('has a small script and a small style, which never read text as HTML', () => {
  expect(reportScript.length + reportStyle.length).toBeLessThan(15_000);
  expect(reportScript).not.toMatch(/innerHTML|outerHTML|insertAdjacent|document\.write|eval|Function\(|<\//);
});

it('lists every edge with its outcome, and a dash for what is not known', () => {
  const html = htmlOf(pageOf([edge('copied'), edge('lost', { digest: null, tag: null, reason: 'gone' })]));
  expect(rowsOf(html)).toEqual([
    ['good', 'copied', 'b.test/prod/app', '1', digest, 'a.test/staging/app', ''],
    ['bad', 'lost', 'b.test/prod/app', '—', '—', 'a.test/staging/app', 'gone'],
  ]);
});

it('counts edges that are not listed, and names the option that lists them', () => {
  const html = htmlOf(pageOf([edge('copied'), edge('present')], 1236));
  expect(html).toContain('<strong>1,236</strong> edges');
  expect(html).toContain('<strong>1,235</strong> present');
  expect(html).toContain(
    '1234 edges need nothing and are not listed; promote and mirror list such edges with --all.',
  );
  expect(htmlOf(pageOf([]))).toContain('There is nothing to list.');
});

describe('what was set aside', () => {
  it('is listed by outcome and reason, with what to do', () => {
    const html = htmlOf(
      pageOf([
        ...Array.from({ length: 7 }, (_, tag) => edge('failed', { tag: `${tag}`, reason: 'no answer' })),
        edge('failed', { digest: null, tag: null, reason: 'denied' }),
        edge('lost', { tag: null }),
        edge('pending'),
      ]),
    );
    expect(html).toMatch(
      /<summary>Failed <b>8<\/b>[\s\S]*run the command again[\s\S]*<p>no answer<\/p>.*:4<\/code> <span>and 2 more<\/span>/,
    );
    expect(html).toContain('<p>denied</p><p class="places"><code>b.test/prod/app</code></p>');
    expect(html).toMatch(
      new RegExp(
        `<summary>Lost <b>1</b>[\\s\\S]*--allow-lost[\\s\\S]*<code>b.test/prod/app@${digest}</code>`,
      ),
    );
    expect(html.match(/<details/g)).toHaveLength(2);
  });

  it('is counted where it has too many reasons to list', () => {
    const html = htmlOf(
      pageOf(Array.from({ length: 61 }, (_, at) => edge('failed', { reason: `reason ${at % 60}` }))),
    );
    expect(html).toContain('<p>10 more have other reasons: see the table.</p>');
  });

  it('is said to be nothing where there is nothing', () => {
    expect(htmlOf(pageOf([edge('copied')]))).toContain('<p>Nothing was set aside.</p>');
  });
});

describe('the bound on rows', () => {
  const rules = {
    kind: (tone: string) => `is ${tone}`,
    tone: (tone: 'good' | 'bad') => tone,
    cells: () => [],
  };

  it.each([
    [4, ['good', 'bad', 'good', 'bad'], {}],
    [3, ['good', 'bad', 'bad'], { 'is good': 1 }],
    [2, ['bad', 'bad'], { 'is good': 2 }],
    [1, ['bad'], { 'is good': 2, 'is bad': 1 }],
  ] as const)('of %i prefers what needs attention and keeps the order', (maximum, shown, left) => {
    const rows = pageRows(['good', 'bad', 'good', 'bad'] as const, rules, maximum);
    expect(rows.shown.map(({ tone }) => tone)).toEqual(shown);
    expect(Object.fromEntries(rows.left)).toEqual(left);
  });

  it('is stated on the page with what is missing and how to get it', () => {
    const many = Array.from({ length: maximumRows + 2345 }, () => edge('pending'));
    const html = htmlOf(pageOf([...many, edge('failed', { reason: 'the last one' })]));
    expect(rowsOf(html)).toHaveLength(maximumRows);
    expect(rowsOf(html).at(-1)?.at(-1)).toBe('the last one');
    expect(html).toContain(
      'The table has 20,000 of 22,346 rows: first those that need attention, then the others in order. Not shown: 2,346 pending. With --json the same command prints all of them.',
    );
    expect(htmlOf(pageOf(many.slice(0, 10)))).not.toContain('Not shown');
  });
});

it('reasons are in the order in which they first occur', () => {
  const items = ['b1', 'a1', 'b2'];
  expect(
    byReason(
      items,
      ([reason = '']) => reason,
      (item) => item,
    ),
  ).toEqual([
    { reason: 'b', count: 2, places: ['b1', 'b2'] },
    { reason: 'a', count: 1, places: ['a1'] },
  ]);
});
