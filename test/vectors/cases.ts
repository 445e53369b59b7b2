// Loads test vectors: the results of the Go libraries that upstream uses.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { waived } from './waived.ts';

const folder = process.env.VECTORS_DIR ?? join(import.meta.dirname, 'cases');

/**
 * The cases of a topic that are not waived. `name` returns the name of a case in `waived.ts`;
 * a name that is listed there and that no case has is an error, so that the list stays true.
 */
export function loadCases<Case>(topic: string, name: (vector: Case) => string): Case[] {
  const { cases } = JSON.parse(readFileSync(join(folder, `${topic}.json`), 'utf8')) as { cases: Case[] };
  const reasons = waived[topic] ?? {};
  const names = new Set(cases.map(name));
  for (const listed of Object.keys(reasons)) {
    if (!names.has(listed)) {
      throw new Error(`waived.ts names ${JSON.stringify(listed)}, which ${topic}.json does not have`);
    }
  }
  return cases.filter((vector) => reasons[name(vector)] === undefined);
}
