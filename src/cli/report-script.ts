// The script of report pages: sorts and filters the rows that are in the document. Without it they are all shown.

/** JavaScript for browsers, without requests; it makes elements and text, and never reads text as HTML. */
export const reportScript = String.raw`
'use strict';
(() => {
  const form = document.querySelector('form');
  if (!form) return;
  const table = document.querySelector('table');
  const body = table.tBodies[0];
  const count = document.getElementById('count');
  const search = form.querySelector('[type=search]');
  const whole = form.querySelector('[type=checkbox]');
  const chips = [...form.querySelectorAll('[data-kind]')];
  const headers = [...table.tHead.rows[0].cells];
  const rows = [...body.rows].map((row, position) => {
    const cells = [...row.cells].map((cell) => cell.textContent);
    return { row, position, cells, kind: cells[0], text: cells.join('\n').toLowerCase() };
  });
  const number = (value) => value.toLocaleString('en-US');
  const more = document.getElementById('more');
  const atOnce = 500;
  let sorted = rows;
  let room = atOnce;
  const isPressed = (chip) => chip.getAttribute('aria-pressed') === 'true';

  // A browser is slow with a table of thousands of rows: the others are kept aside until they are asked for.
  const show = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const kinds = new Set(chips.filter(isPressed).map((chip) => chip.dataset.kind));
    const counts = new Map();
    const found = sorted.filter(({ kind, text }) => {
      const matches = words.every((word) => text.includes(word));
      if (matches) counts.set(kind, (counts.get(kind) || 0) + 1);
      return matches && (kinds.size === 0 || kinds.has(kind));
    });
    body.replaceChildren(...found.slice(0, room).map(({ row }) => row));
    for (const chip of chips) {
      chip.lastElementChild.textContent = number(counts.get(chip.dataset.kind) || 0);
    }
    const of = found.length === rows.length ? '' : ' of ' + number(rows.length);
    count.textContent = number(found.length) + of + (rows.length === 1 ? ' row' : ' rows');
    more.hidden = found.length <= room;
    more.firstElementChild.textContent = 'The first ' + number(room) + ' of them are shown.';
  };
  const filter = () => {
    room = atOnce;
    show();
  };

  const collator = new Intl.Collator('en', { numeric: true });
  const sortBy = (column, direction) => {
    headers.forEach((header, position) => {
      header.setAttribute('aria-sort', position === column ? direction : 'none');
    });
    const sign = direction === 'descending' ? -1 : 1;
    sorted = direction === 'none'
      ? rows
      : rows.toSorted((a, b) => sign * collator.compare(a.cells[column], b.cells[column]) || a.position - b.position);
    filter();
  };
  const after = { none: 'ascending', ascending: 'descending', descending: 'none' };
  headers.forEach((header, column) => {
    const button = document.createElement('button');
    button.type = 'button';
    button.append(...header.childNodes);
    button.addEventListener('click', () => sortBy(column, after[header.getAttribute('aria-sort')]));
    header.append(button);
    header.setAttribute('aria-sort', 'none');
  });

  search.addEventListener('input', filter);
  whole.addEventListener('change', () => table.classList.toggle('whole', whole.checked));
  for (const chip of chips) {
    chip.addEventListener('click', () => {
      chip.setAttribute('aria-pressed', String(!isPressed(chip)));
      filter();
    });
  }
  form.addEventListener('submit', (event) => event.preventDefault());
  form.addEventListener('reset', (event) => {
    event.preventDefault();
    search.value = '';
    whole.checked = false;
    table.classList.remove('whole');
    chips.forEach((chip) => chip.setAttribute('aria-pressed', 'false'));
    sortBy(0, 'none');
  });
  const showAll = () => {
    room = rows.length;
    show();
  };
  more.lastElementChild.addEventListener('click', showAll);
  let before = room;
  window.addEventListener('beforeprint', () => {
    before = room;
    showAll();
  });
  window.addEventListener('afterprint', () => {
    room = before;
    show();
  });
  form.hidden = false;
  filter();
})();
`;
