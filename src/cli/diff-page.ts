// The report page of a comparison of manifests: what is added, removed and moved, and what of it is forbidden.
import {
  type ChangeKind,
  isForbidden,
  type ManifestDiff,
  type RegistryChange,
  type TagChange,
} from '../promotion/manifest-diff.ts';
import type { PageContent } from './report-file.ts';
import { type Aside, byReason, type Column, pageRows, type ReportPage, type Tone } from './report-page.ts';

const columns: readonly Column[] = [
  { title: 'Kind', holds: 'kind', share: 16 },
  { title: 'Name', holds: 'name', share: 28 },
  { title: 'Tag', holds: 'name', share: 14 },
  { title: 'Digest', holds: 'digest', share: 16 },
  { title: 'Manifest', holds: 'name', share: 18 },
  { title: 'Reason', holds: 'sentence', share: 22 },
];

/** The page of a comparison. `forbidden` are the kinds of changes that --forbid names. */
export function diffPage(
  { summary, changes, sources, destinations }: ManifestDiff,
  {
    forbidden,
    origin,
  }: { readonly forbidden: ReadonlySet<ChangeKind>; readonly origin: ReportPage['facts'] },
): PageContent {
  const { added, removed, moved } = summary;
  const registries = [
    ...sources.map((change) => ({ ...change, what: 'source' })),
    ...destinations.map((change) => ({ ...change, what: 'destination' })),
  ];
  const refused = changes.filter((change) => isForbidden(change, forbidden));
  const isSame = changes.length + registries.length === 0;
  return {
    title: 'Difference of manifests',
    verdict: {
      tone: refused.length > 0 ? 'bad' : isSame ? 'good' : 'pending',
      text: isSame
        ? 'The manifests promote the same.'
        : `${added} added, ${removed} removed, ${moved} moved${refused.length > 0 ? `; forbidden: ${refused.length}` : ''}.`,
    },
    about: origin,
    tiles: [
      { label: 'added', count: added, tone: 'good' },
      { label: 'removed', count: removed, tone: 'pending' },
      { label: 'moved', count: moved, tone: 'pending' },
      { label: 'registries new or gone', count: registries.length, tone: 'pending' },
      { label: 'forbidden', count: refused.length, tone: 'bad' },
    ],
    asides: {
      title: 'What is forbidden, and why',
      none:
        forbidden.size === 0
          ? 'No change is forbidden: --forbid is not given.'
          : 'There is no change that --forbid names.',
      kinds: forbiddenAsides(refused),
    },
    heading: 'Changes',
    columns,
    rows: pageRows<TagChange | (RegistryChange & { what: string })>([...registries, ...changes], {
      kind: (change) => ('what' in change ? `${change.kind} ${change.what}` : change.kind),
      tone: (change) => ('what' in change ? 'pending' : toneOf(change, forbidden)),
      cells: (change) =>
        'what' in change ? [change.registry, null, null, change.manifest, ''] : changeCells(change),
    }),
    notes: [],
  };
}

function toneOf(change: TagChange, forbidden: ReadonlySet<ChangeKind>): Tone {
  return isForbidden(change, forbidden) ? 'bad' : change.kind === 'added' ? 'good' : 'pending';
}

function changeCells({ name, tag, digest, manifest, was, isStillPromoted }: TagChange): (string | null)[] {
  const reason = was !== null ? `was on ${was}` : isStillPromoted ? 'still promoted, now with tags' : '';
  return [name, tag, digest, manifest, reason];
}

function forbiddenAsides(refused: readonly TagChange[]): Aside[] {
  return [...Map.groupBy(refused, ({ kind }) => kind)].map(([kind, changes]) => ({
    title: `Forbidden: ${kind}`,
    count: changes.length,
    meaning: 'The option --forbid refuses changes of this kind: the exit status is 1.',
    reasons: byReason(
      changes,
      ({ manifest }) => `in ${manifest}`,
      ({ name, tag, digest }) => (tag === null ? `${name}@${digest}` : `${name}:${tag}`),
    ),
  }));
}
