// The tables of a Markdown page, read for the JSON schemas and for tests of the docs.

/** One table: the cells of its header and of each row, with `\|` read as `|`. */
export interface MarkdownTable {
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** The line of the header, 1 for the first line of the page. */
  readonly line: number;
}

/** A row of a table whose first column names keys: what the page says about one key. */
export interface DocumentedKey {
  readonly key: string;
  readonly type: string;
  readonly default: string;
  readonly meaning: string;
  /** Which commands read it; undefined where the table does not say. */
  readonly usedBy: string | undefined;
}

/** All tables of a page, in order. Lines inside of code blocks are not read. */
export function markdownTables(page: string): MarkdownTable[] {
  const tables: { header: string[]; rows: string[][]; line: number }[] = [];
  let isCode = false;
  let before = '';
  let open: { rows: string[][] } | undefined;
  for (const [index, line] of page.split('\n').entries()) {
    isCode = line.trimStart().startsWith('```') ? !isCode : isCode;
    const isRow = !isCode && line.startsWith('|');
    if (isRow && /^\|[-| ]+$/.test(line)) {
      const table = { header: cells(before), rows: [], line: index };
      tables.push(table);
      open = table;
    } else if (isRow) {
      open?.rows.push(cells(line));
    } else {
      open = undefined;
    }
    before = line;
  }
  return tables;
}

/**
 * The keys that a page documents: those of tables with the header `key` under '', those of tables with the header
 * ``key of `x` `` under `x`. Several tables of one object add up.
 */
export function documentedKeys(page: string): Map<string, DocumentedKey[]> {
  const objects = new Map<string, DocumentedKey[]>();
  for (const { header, rows } of markdownTables(page)) {
    const found = /^key(?: of `([^`]+)`)?$/.exec(header[0] ?? '');
    if (!found) {
      continue;
    }
    const [, object = ''] = found;
    const column = (row: readonly string[], name: string) => row[header.indexOf(name)];
    const keys = rows.map((row) => ({
      key: (row[0] ?? '').replaceAll('`', ''),
      type: column(row, 'type') ?? '',
      default: column(row, 'default') ?? '',
      meaning: column(row, 'meaning') ?? '',
      usedBy: column(row, 'used by'),
    }));
    objects.set(object, [...(objects.get(object) ?? []), ...keys]);
  }
  return objects;
}

function cells(line: string): string[] {
  return line
    .replace(/^\|/, '')
    .replace(/\|\s*$/, '')
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim().replaceAll('\\|', '|'));
}
