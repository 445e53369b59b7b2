// Each cell of the tables in docs/faults.md: the commands do with a fault what its bold word says.
import dns from 'node:dns';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { markdownTables } from '../../scripts/markdown-tables.ts';
import { readPage } from '../docs/pages.ts';
import { faultCases } from './fault-cases.ts';
import { type CommandName, type FaultRun, type Injection, repository, runWithFault } from './fault-world.ts';

const always = 1e9;
const commands = ['check', 'in', 'out'] as const;
const rows = markdownTables(readPage('docs/faults.md').text)
  .filter(({ header }) => header.join() === 'fault,check,in,out')
  .flatMap((table) => table.rows)
  .map(([fault = '', ...cells]) => ({ fault, cells }));

// No test asks a name server.
const lookUp = dns.lookup;
beforeAll(() => {
  vi.spyOn(dns, 'lookup').mockImplementation(((
    name: string,
    options: object,
    done: (error: Error) => void,
  ) => {
    if (name.endsWith('.test')) {
      const error = Object.assign(new Error(`getaddrinfo ENOTFOUND ${name}`), { code: 'ENOTFOUND' });
      process.nextTick(done, error);
    } else {
      lookUp(name, options, done as never);
    }
  }) as typeof dns.lookup);
});
afterAll(() => {
  vi.restoreAllMocks();
});

const milliseconds: Readonly<Record<string, number>> = { s: 1_000, min: 60_000, hour: 3_600_000 };

/** The bounds of a cell: `10 tries in 5 min`, `for an hour`. */
function boundsOf(cell: string) {
  const [, tries] = /(\d+) tries/.exec(cell) ?? [];
  const [, most, mostUnit = ''] = / in (\d+) (s|min)/.exec(cell) ?? [];
  const [, length, unit = ''] = /for (an|\d+) (s|min|hour)/.exec(cell) ?? [];
  return {
    repeats: tries === undefined ? undefined : Number(tries) - 1,
    most: Number(most ?? Number.POSITIVE_INFINITY) * (milliseconds[mostUnit] ?? 1),
    lasts:
      length === undefined ? undefined : Number(length === 'an' ? 1 : length) * (milliseconds[unit] ?? 1),
  };
}

function expectSuccess({ answer, stderr }: FaultRun): void {
  expect(answer, stderr).toBeDefined();
}

function expectFailure({ answer, stderr }: FaultRun): void {
  expect(answer).toBeUndefined();
  expect(stderr).toContain('ERRO');
  expect(stderr).not.toContain('this is a bug');
}

interface Cell {
  readonly cell: string;
  readonly command: CommandName;
  readonly injection: Injection;
  readonly fault: string;
}

/** What each bold word of a cell claims. */
const claims: Readonly<Record<string, (cell: Cell) => Promise<void>>> = {
  async error({ command, injection }) {
    const run = await runWithFault(command, injection, always);
    expectFailure(run);
    expect(run.repeats, run.stderr).toBe(0);
    const { registry, image } = run.world;
    expect(registry.tags(repository)).toEqual(['1.0.0', '2.0.0']);
    expect(registry.manifest(repository, '1.0.0')?.digest === image.digest).toBe(command !== 'out');
  },
  async again({ cell, command, injection, fault }) {
    const { isLasting, isSlow, asksFor } = faultCases[fault] ?? {};
    if (!isLasting) {
      const run = await runWithFault(command, injection, 1);
      expectSuccess(run);
      expect(run.repeats, run.stderr).toBe(1);
      expect(run.waits).toEqual(asksFor ? expect.arrayContaining([asksFor]) : run.waits);
    }
    if (!isSlow) {
      const run = await runWithFault(command, injection, always);
      expectFailure(run);
      const { repeats = run.repeats, most, lasts = run.elapsed } = boundsOf(cell);
      expect(run.repeats, run.stderr).toBe(repeats);
      expect(run.repeats).toBeGreaterThan(0);
      // Beside the waits, a ping waits for https and a policy may end its last wait with the time.
      expect(run.elapsed).toBeLessThanOrEqual(most + 1_000);
      expect(run.elapsed / lasts).toBeGreaterThan(0.95);
      expect(run.elapsed / lasts).toBeLessThan(1.1);
    }
  },
  async continues({ command, injection }) {
    const run = await runWithFault(command, injection, always);
    expectSuccess(run);
    expect(run.repeats, run.stderr).toBeGreaterThan(0);
  },
  async ignored({ command, injection }) {
    const run = await runWithFault(command, injection, always);
    expectSuccess(run);
    expect(run.repeats, run.stderr).toBe(0);
  },
  async 'no version'({ command, injection }) {
    expect((await runWithFault(command, injection, always)).answer).toBe('[]\n');
  },
  async 'next mirror'({ cell, command, injection }) {
    const run = await runWithFault(command, injection, always);
    expectSuccess(run);
    expect(run.world.registry.requests.length).toBeGreaterThan(0);
    expect(run.stderr).toContain('mirror');
    expect(run.repeats, run.stderr).toBe(cell.includes('second try') ? 1 : 0);
  },
  async 'not used'({ command, injection }) {
    const run = await runWithFault(command, injection, always);
    expectSuccess(run);
    expect(run.world.other.connections).toBe(0);
    expect(run.stderr).not.toContain('ECONNREFUSED');
  },
};

it('every row of faults.md has a fault here, and every fault has one row', () => {
  expect(rows.map(({ fault }) => fault).sort()).toEqual(Object.keys(faultCases).sort());
});

it.each(rows)('$fault: check, in and out do what the page says', async ({ fault, cells }) => {
  await Promise.all(
    commands.map(async (command, column) => {
      const cell = cells[column] ?? '';
      const injection = faultCases[fault]?.[command];
      const words = [...cell.matchAll(/\*\*(.+?)\*\*/g)].map(([, word = '']) => word);
      expect(words, `${fault}, ${command}: ${cell}`).toHaveLength(injection ? 1 : 0);
      if (injection) {
        const claim = claims[words[0] ?? ''];
        expect(claim, `the word ${words[0]}`).toBeDefined();
        await claim?.({ cell, command, injection, fault });
      } else {
        expect(cell).toBe('–');
      }
    }),
  );
});
