// The report page of a promotion: its edges, and those that were set aside with the reason of each.
import type { PromotionResult } from '../promotion/promote.ts';
import type { EdgeOutcome, PromotionSummary, ReportedEdge } from '../promotion/promotion-report.ts';
import { summaryLine } from './promotion-output.ts';
import type { PageContent } from './report-file.ts';
import {
  type Aside,
  byReason,
  type Column,
  maximumReasons,
  pageRows,
  type ReportPage,
  type Tile,
  type Tone,
} from './report-page.ts';
import { counted } from './table.ts';

/** `dry-run` changes nothing, `stopped` is a promotion that --strict has not begun. */
export type PromotionMode = 'dry-run' | 'carried-out' | 'stopped';

/** What a page says of a promotion beside its result. */
export interface PromotionAbout {
  readonly title: string;
  readonly mode: PromotionMode;
  /** Where the promotion comes from, such as the file of the manifest. */
  readonly origin: ReportPage['facts'];
  /** What a list asks for and is not done, by file and line. */
  readonly warnings: readonly string[];
}

const modes: Readonly<Record<PromotionMode, string>> = {
  'dry-run': 'Dry run: nothing was changed',
  'carried-out': 'Carried out',
  stopped: 'Stopped by --strict: nothing was changed',
};

const tones: Readonly<Record<EdgeOutcome, Tone>> = {
  present: 'plain',
  pending: 'pending',
  copied: 'good',
  tagged: 'good',
  lost: 'bad',
  'tag-move': 'bad',
  failed: 'bad',
};

const asides: readonly (readonly [
  outcome: 'failed' | 'lost' | 'tag-move',
  title: string,
  meaning: string,
])[] = [
  [
    'failed',
    'Failed',
    'A registry refused something, or did not answer. When the reason is gone, run the command again: it does what is left.',
  ],
  [
    'lost',
    'Lost',
    'Neither the source nor the destination holds the image. Correct the manifest or the list, or accept it with --allow-lost.',
  ],
  [
    'tag-move',
    'Tag moves that are not allowed',
    'The tag is on another digest at the destination, and stays there. If it is to move, allow it with --allow-tag-moves and a pattern.',
  ],
];

const columns: readonly Column[] = [
  { title: 'Outcome', holds: 'kind', share: 12 },
  { title: 'Destination', holds: 'name', share: 27 },
  { title: 'Tag', holds: 'name', share: 13 },
  { title: 'Digest', holds: 'digest', share: 14 },
  { title: 'Source', holds: 'name', share: 24 },
  { title: 'Reason', holds: 'sentence', share: 22 },
];

/** The page of a promotion that was planned or carried out. */
export function promotionPage(
  { summary, edges }: PromotionResult,
  { title, mode, origin, warnings }: PromotionAbout,
): PageContent {
  const unlisted = summary.edges - edges.length;
  return {
    title,
    verdict: { tone: toneOf(summary), text: `${modes[mode]}. ${summaryLine(summary)}.` },
    about: origin,
    tiles: tilesOf(summary),
    asides: {
      title: 'What was set aside, and why',
      none: 'Nothing was set aside.',
      kinds: [...asidesOf(edges, summary), ...warningsAside(warnings)],
    },
    heading: 'Edges',
    columns,
    rows: pageRows(edges, {
      kind: ({ outcome }) => outcome,
      tone: ({ outcome }) => tones[outcome],
      cells: ({ destination, tag, digest, source, reason }) => [destination, tag, digest, source, reason],
    }),
    notes:
      unlisted > 0
        ? [
            `${counted(unlisted, 'edge needs', 'edges need')} nothing and ${unlisted === 1 ? 'is' : 'are'} not listed; promote and mirror list such edges with --all.`,
          ]
        : [],
  };
}

function toneOf({ failed, lost, tag_moves: moves, pending }: PromotionSummary): Tone {
  return failed + lost + moves > 0 ? 'bad' : pending > 0 ? 'pending' : 'good';
}

function tilesOf({ edges, tag_moves: moves, ...counts }: PromotionSummary): Tile[] {
  const { present, pending, copied, tagged, lost, failed } = counts;
  return [
    { label: edges === 1 ? 'edge' : 'edges', count: edges, tone: 'plain' },
    { label: 'present', count: present, tone: tones.present },
    { label: 'pending', count: pending, tone: tones.pending },
    { label: 'copied', count: copied, tone: tones.copied },
    { label: 'tagged', count: tagged, tone: tones.tagged },
    { label: 'failed', count: failed, tone: tones.failed },
    { label: 'lost', count: lost, tone: tones.lost },
    {
      label: moves === 1 ? 'tag move not allowed' : 'tag moves not allowed',
      count: moves,
      tone: tones['tag-move'],
    },
  ];
}

function asidesOf(edges: Iterable<ReportedEdge>, summary: PromotionSummary): Aside[] {
  const counts = { failed: summary.failed, lost: summary.lost, 'tag-move': summary.tag_moves };
  return asides.flatMap(([outcome, title, meaning]) => {
    const found = Iterator.from(edges).filter((edge) => edge.outcome === outcome);
    const count = counts[outcome];
    return count === 0
      ? []
      : [{ title, count, meaning, reasons: byReason(found, ({ reason }) => reason, placeOf) }];
  });
}

function warningsAside(warnings: readonly string[]): Aside[] {
  const reasons = warnings.slice(0, maximumReasons).map((reason) => ({ reason, count: 1, places: [] }));
  const meaning = 'The list asks for this, and it is not done.';
  return warnings.length === 0 ? [] : [{ title: 'Warnings', count: warnings.length, meaning, reasons }];
}

function placeOf({ destination, tag, digest }: ReportedEdge): string {
  const at = digest === null ? '' : `@${digest}`;
  return tag === null ? destination + at : `${destination}:${tag}`;
}
