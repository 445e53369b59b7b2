// Writes a report page as HTML: one file without requests, in which nothing foreign is anything but text.
import { createHash } from 'node:crypto';
import type { Aside, Column, PageRows, ReportPage, Row, Tile } from './report-page.ts';
import { reportScript } from './report-script.ts';
import { reportStyle } from './report-style.ts';
import { counted, printable } from './table.ts';

/** Makes a foreign string one that can stand in an element or a quoted attribute. */
type MakeSafe = (text: string) => string;

/**
 * The whole document. Secrets are redacted before anything is escaped: an escaped secret would not be found. The policy in
 * its head admits this style and this script by their digests, and nothing else: no request, and no handler in an attribute.
 */
export function reportHtml(page: ReportPage, redact: (text: string) => string): string {
  const safe = cached((text) => escapeHtml(printable(redact(text))));
  const style = reportStyle + columnStyle(page.columns);
  const policy = `default-src 'none'; style-src '${digestOf(style)}'; script-src '${digestOf(reportScript)}'; base-uri 'none'; form-action 'none'`;
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${safe(`${page.title}: ${page.verdict.text}`)}</title>
<style>${style}</style>
</head>
<body>
<header>
<h1>${safe(page.title)}</h1>
<p class="verdict ${page.verdict.tone}">${safe(page.verdict.text)}</p>
<dl>
${page.facts.map(([name, value]) => `<div><dt>${safe(name)}</dt><dd>${safe(value)}</dd></div>\n`).join('')}</dl>
</header>
<main>
<section aria-label="Summary">
<ul class="tiles">
${page.tiles.map((tile) => tileHtml(tile, safe)).join('')}</ul>
</section>
<section>
<h2>${safe(page.asides.title)}</h2>
${page.asides.kinds.map((aside) => asideHtml(aside, safe)).join('') || `<p>${safe(page.asides.none)}</p>\n`}</section>
<section>
<h2>${safe(page.heading)}</h2>
${tableHtml(page, safe)}${page.notes.map((note) => `<p class="note">${safe(note)}</p>\n`).join('')}</section>
</main>
<script>${reportScript}</script>
</body>
</html>
`;
}

/** The string with every character replaced that means something in HTML. */
export function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}

/** Most strings of a page occur many times. */
function cached(makeSafe: MakeSafe): MakeSafe {
  const known = new Map<string, string>();
  return (text) => {
    const before = known.get(text);
    if (before !== undefined) {
      return before;
    }
    const escaped = makeSafe(text);
    known.set(text, escaped);
    return escaped;
  };
}

function digestOf(content: string): string {
  return `sha256-${createHash('sha256').update(content).digest('base64')}`;
}

/** Widths of the columns, and on a narrow screen, where each row is a card, their titles in front of the cells. */
function columnStyle(columns: readonly Column[]): string {
  const total = columns.reduce((sum, { share }) => sum + share, 0);
  return columns
    .map(
      ({ title, share }, position) =>
        `th:nth-child(${position + 1}){width:${Math.round((100 * share) / total)}%}td:nth-child(${position + 1})::before{content:${JSON.stringify(title)}}\n`,
    )
    .join('');
}

function tileHtml({ label, count, tone }: Tile, safe: MakeSafe): string {
  const look = count === 0 ? 'plain none' : tone;
  return `<li class="${look}"><strong>${grouped(count)}</strong> ${safe(label)}</li>\n`;
}

function asideHtml({ title, count, meaning, reasons }: Aside, safe: MakeSafe): string {
  const items = reasons.map(({ reason, count: all, places }) => {
    const some = places.map((place) => `<code>${safe(place)}</code>`);
    const rest = all > places.length ? [`<span>and ${grouped(all - places.length)} more</span>`] : [];
    const list = places.length > 0 ? `<p class="places">${[...some, ...rest].join(' ')}</p>` : '';
    return `<li><p>${safe(reason)}</p>${list}</li>\n`;
  });
  const others = count - reasons.reduce((sum, reason) => sum + reason.count, 0);
  const rest = others > 0 ? `<p>${grouped(others)} more have other reasons: see the table.</p>\n` : '';
  return `<details class="bad" open><summary>${safe(title)} <b>${grouped(count)}</b></summary>
<p>${safe(meaning)}</p>
<ul>
${items.join('')}</ul>
${rest}</details>
`;
}

function tableHtml({ columns, rows }: ReportPage, safe: MakeSafe): string {
  const { shown, left } = rows;
  if (shown.length === 0) {
    return '<p>There is nothing to list.</p>\n';
  }
  const kinds = new Set(shown.map(({ cells }) => cells[0]));
  const chips = [...kinds].map(
    (kind) =>
      `<button type="button" aria-pressed="false" data-kind="${safe(kind)}">${safe(kind)} <b></b></button>`,
  );
  return `${leftHtml({ shown, left }, safe)}<form hidden>
<label>Filter <input type="search" placeholder="words that a row contains" autocomplete="off" spellcheck="false"></label>
<div role="group" aria-label="Only rows of these kinds">${chips.join('')}</div>
<label><input type="checkbox"> whole digests and reasons</label>
<button type="reset">Clear</button>
</form>
<p id="count" role="status">${counted(shown.length, 'row')}</p>
<table>
<thead><tr>${columns.map(({ title }) => `<th scope="col">${safe(title)}</th>`).join('')}</tr></thead>
<tbody>
${shown.map((row) => rowHtml(row, columns, safe)).join('')}</tbody>
</table>
<p id="more" hidden><span></span> <button type="button">Show all</button></p>
`;
}

function rowHtml({ tone, cells }: Row, columns: readonly Column[], safe: MakeSafe): string {
  const written = cells.map((cell, position) => {
    const text = cell === null ? '—' : safe(cell);
    switch (columns[position]?.holds) {
      case 'digest':
        return `<td class="digest">${text}</td>`;
      case 'sentence':
        return text === '' ? '<td></td>' : `<td class="sentence"><div>${text}</div></td>`;
      case 'name':
        return `<td>${text.replaceAll('/', '/<wbr>')}</td>`;
      default:
        return `<td>${text}</td>`;
    }
  });
  return `<tr class="${tone}">${written.join('')}</tr>\n`;
}

/** What the table does not have, and how to get it: nothing is left out silently. */
function leftHtml({ shown, left }: PageRows, safe: MakeSafe): string {
  if (left.size === 0) {
    return '';
  }
  const missing = [...left.values()].reduce((sum, count) => sum + count, 0);
  const kinds = [...left].map(([kind, count]) => `${grouped(count)} ${kind}`).join(', ');
  return `<p class="left" role="note">${safe(
    `The table has ${grouped(shown.length)} of ${grouped(shown.length + missing)} rows: first those that need attention, then the others in order. Not shown: ${kinds}. With --json the same command prints all of them.`,
  )}</p>
`;
}

/** `12,345` */
function grouped(count: number): string {
  return count.toLocaleString('en-US');
}
