// What a report page says: its summary, what was set aside and why, and as many rows of its table as a browser can bear.

/** How something looks: `bad` needs attention, `pending` is not done yet, `good` is done, `plain` needs nothing. */
export type Tone = 'good' | 'pending' | 'bad' | 'plain';

/** A number of the summary. */
export interface Tile {
  readonly label: string;
  readonly count: number;
  readonly tone: Tone;
}

/** A column of the table: its title, what its cells hold, and its share of the width. */
export interface Column {
  readonly title: string;
  readonly holds: 'kind' | 'name' | 'digest' | 'sentence';
  readonly share: number;
}

/** A row of the table. The first cell is its kind, by which rows are filtered; null is shown as a dash. */
export interface Row {
  readonly tone: Tone;
  readonly cells: readonly [kind: string, ...others: (string | null)[]];
}

/** The rows that are on the page, and how many of each kind are not. */
export interface PageRows {
  readonly shown: readonly Row[];
  readonly left: ReadonlyMap<string, number>;
}

/** A reason, how many have it, and the first of them. */
export interface Reason {
  readonly reason: string;
  readonly count: number;
  readonly places: readonly string[];
}

/** One kind of what was set aside. */
export interface Aside {
  readonly title: string;
  readonly count: number;
  /** What that means, and what to do. */
  readonly meaning: string;
  /** The first reasons; `count` has those with other reasons, too. */
  readonly reasons: readonly Reason[];
}

/** A report page. Every string may be foreign, and hold secrets, until it is written. */
export interface ReportPage {
  readonly title: string;
  readonly verdict: { readonly tone: Tone; readonly text: string };
  /** When and from what the page was made. */
  readonly facts: readonly (readonly [name: string, value: string])[];
  readonly tiles: readonly Tile[];
  /** What was set aside; `none` is said where nothing was. */
  readonly asides: { readonly title: string; readonly none: string; readonly kinds: readonly Aside[] };
  /** The heading of the table. */
  readonly heading: string;
  readonly columns: readonly Column[];
  readonly rows: PageRows;
  /** Sentences below the table, such as how to list what is not in it. */
  readonly notes: readonly string[];
}

/** So many rows are sorted and filtered at once on an ordinary machine. */
export const maximumRows = 20_000;

/** What is to be known of an item before it becomes a row. */
export interface RowRules<Item> {
  kind(item: Item): string;
  tone(item: Item): Tone;
  cells(item: Item): readonly (string | null)[];
}

/** At most so many rows, in the order of the items, which are gone through twice. Where there are more items, those that need attention come first. */
export function pageRows<Item>(
  items: Iterable<Item>,
  { kind, tone, cells }: RowRules<Item>,
  maximum: number = maximumRows,
): PageRows {
  let urgent = 0;
  for (const item of items) {
    urgent += tone(item) === 'bad' ? 1 : 0;
  }
  const room = { urgent: maximum, others: Math.max(0, maximum - urgent) };
  const shown: Row[] = [];
  const left = new Map<string, number>();
  for (const item of items) {
    const which = tone(item) === 'bad' ? 'urgent' : 'others';
    if (room[which] > 0) {
      room[which]--;
      shown.push({ tone: tone(item), cells: [kind(item), ...cells(item)] });
    } else {
      left.set(kind(item), (left.get(kind(item)) ?? 0) + 1);
    }
  }
  return { shown, left };
}

/** So many reasons of one kind are listed, and so many places of one reason. */
export const maximumReasons = 50;
const maximumPlaces = 5;

/** Items by their reason, in the order in which the reasons first occur. Of many reasons and places the first are kept. */
export function byReason<Item>(
  items: Iterable<Item>,
  reasonOf: (item: Item) => string,
  placeOf: (item: Item) => string,
): Reason[] {
  const found = new Map<string, { count: number; places: string[] }>();
  for (const item of items) {
    const reason = reasonOf(item);
    const known = found.get(reason) ?? { count: 0, places: [] };
    if (known.count === 0 && found.size === maximumReasons) {
      continue;
    }
    found.set(reason, known);
    known.count++;
    if (known.places.length < maximumPlaces) {
      known.places.push(placeOf(item));
    }
  }
  return [...found].map(([reason, { count, places }]) => ({ reason, count, places }));
}
