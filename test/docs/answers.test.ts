// The tables of examples in check.md and put.md show what check answers and which aliases a put moves.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { markdownTables } from '../../scripts/markdown-tables.ts';
import { runCheck } from '../../src/command/check.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { mediaTypes } from '../../src/oci/media-type.ts';
import { aliasesFor } from '../../src/policy/bump-aliases.ts';
import { requireVersion } from '../../src/policy/tag-version.ts';
import { startRegistry, type TestRegistry } from '../support/registry.ts';
import { runCommand } from '../support/run-command.ts';
import { readPage } from './pages.ts';

const withoutTicks = (cell = '') => cell.replace(/^`|`$/g, '');

function rowsOf(page: string, firstHeader: string): readonly (readonly string[])[] {
  return markdownTables(readPage(page).text)
    .filter(({ header }) => header[0] === firstHeader)
    .flatMap(({ rows }) => rows);
}

/** `1.0→a 2.0→b` as pairs of a tag and the name of a digest. */
function pairs(cell: string): [tag: string, name: string][] {
  return cell
    .split(' ')
    .filter((pair) => pair.includes('→'))
    .map((pair) => pair.split('→') as [string, string]);
}

const manifestOf = (name: string) =>
  JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests: [], annotations: { name } });
const digestNamed = (name: string) => digestOf(Buffer.from(manifestOf(name)));

describe('check answers what check.md says:', () => {
  const examples = rowsOf('docs/check.md', 'the registry has').map(
    ([tags, source, cursor, answer], number) => ({
      title: `${tags} with ${source}${cursor ? ` from ${cursor}` : ''}`,
      repository: `examples/number-${number}`,
      tags: pairs(withoutTicks(tags)),
      source: JSON.parse(withoutTicks(source)),
      cursor: pairs(withoutTicks(cursor)).map(([tag, name]) => ({ tag, digest: digestNamed(name) }))[0],
      answer: pairs(withoutTicks(answer)),
    }),
  );
  let registry: TestRegistry;

  beforeAll(async () => {
    registry = await startRegistry();
    for (const { repository, tags } of examples) {
      for (const [tag, name] of tags) {
        registry.putManifest(repository, tag, mediaTypes.ociIndex, manifestOf(name));
      }
    }
  });
  afterAll(() => registry.close());

  it('there are examples', () => expect(examples.length).toBeGreaterThan(12));

  it.each(examples)('$title', async ({ repository, source, cursor, answer }) => {
    const request = {
      source: { repository: `${registry.host}/${repository}`, ...source },
      ...(cursor ? { version: cursor } : {}),
    };
    const result = await runCommand(runCheck, { request });
    expect(JSON.parse(result.answer ?? 'null'), result.stderr).toEqual(
      answer.map(([tag, name]) => ({ tag, digest: digestNamed(name) })),
    );
  });
});

describe('a put moves the aliases that put.md says:', () => {
  const examples = rowsOf('docs/put.md', 'the repository has').map(
    ([existing = '', variant, version, aliases]) => ({
      existing: [...existing.matchAll(/`([^`]+)`/g)].map(([, tag = '']) => tag),
      variant: withoutTicks(variant),
      version: withoutTicks(version),
      aliases: [...(aliases ?? '').matchAll(/`([^`]+)`/g)].map(([, tag = '']) => tag),
    }),
  );

  it('there are examples', () => expect(examples.length).toBeGreaterThan(6));

  it.each(examples)('$version beside $existing', ({ existing, variant, version, aliases }) => {
    expect(aliasesFor(requireVersion(version), variant, existing).moved).toEqual(aliases);
  });
});
