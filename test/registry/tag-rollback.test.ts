// The truth table of the tag rollback.
import { expect, it } from 'vitest';
import type { TagState } from '../../src/content/tag-state.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { rollbackStep } from '../../src/registry/tag-rollback.ts';

const root = digestOf('image');
const places: Readonly<Record<string, TagState>> = {
  root: { state: 'found', digest: root },
  old: { state: 'found', digest: digestOf('old') },
  else: { state: 'found', digest: digestOf('another client') },
  missing: { state: 'missing' },
  unclear: { state: 'unclear' },
};

it.each([
  //  before     PUT                now: root   old        else     missing    unclear
  ['old', 'succeeded', ['restore', 'restore', 'taken', 'restore', 'restore']],
  ['old', 'failed', ['restore', 'none', 'taken', 'none', 'unknown']],
  ['missing', 'succeeded', ['remove', 'taken', 'taken', 'remove', 'remove']],
  ['missing', 'failed', ['remove', 'taken', 'taken', 'none', 'unknown']],
  ['unclear', 'succeeded', ['unknown', 'taken', 'taken', 'unknown', 'unknown']],
  ['unclear', 'failed', ['unknown', 'taken', 'taken', 'none', 'unknown']],
])('the rollback of a tag that was %s and whose PUT %s is %j', (before, put, steps) => {
  const found = ['root', 'old', 'else', 'missing', 'unclear'].map((now) =>
    rollbackStep({ before: places[before]!, now: places[now]!, moved: put === 'succeeded', to: root }),
  );
  expect(found.map(({ step }) => step)).toEqual(steps);
  for (const back of found) {
    expect(back.step === 'restore' ? back.to : digestOf('old')).toBe(digestOf('old'));
  }
});
