// The report page of an audit: what destinations hold beside, or other than, the manifests say.
import type { AuditFailure, AuditResult } from '../promotion/audit.ts';
import type { Drift } from '../promotion/unexpected-content.ts';
import type { PageContent } from './report-file.ts';
import { byReason, type Column, pageRows, type ReportPage, type Tone } from './report-page.ts';
import { counted } from './table.ts';

const columns: readonly Column[] = [
  { title: 'Kind', holds: 'kind', share: 12 },
  { title: 'Destination', holds: 'name', share: 32 },
  { title: 'Tag', holds: 'name', share: 16 },
  { title: 'Digest', holds: 'digest', share: 16 },
  { title: 'Reason', holds: 'sentence', share: 32 },
];

const tones: Readonly<Record<Drift['kind'], Tone>> = { missing: 'bad', moved: 'bad', unexpected: 'pending' };

/** The page of an audit. `origin` says which manifests; the reasons of failures may hold secrets. */
export function auditPage(
  { summary, drift, failures }: AuditResult,
  { origin }: { readonly origin: ReportPage['facts'] },
): PageContent {
  const { expected, missing, moved, unexpected } = summary;
  const isClean = drift.length + failures.length === 0;
  const unread = counted(failures.length, 'destination');
  const items: readonly (Drift | AuditFailure)[] = [...failures, ...drift];
  return {
    title: 'Audit',
    verdict: {
      tone: isClean ? 'good' : failures.length + missing + moved > 0 ? 'bad' : 'pending',
      text: isClean
        ? 'The destinations hold exactly what the manifests say.'
        : `${counted(drift.length, 'difference')}${failures.length > 0 ? `; ${unread} could not be read` : ''}.`,
    },
    about: origin,
    tiles: [
      { label: 'expected', count: expected, tone: 'plain' },
      { label: 'missing', count: missing, tone: tones.missing },
      { label: 'moved', count: moved, tone: tones.moved },
      { label: 'unexpected', count: unexpected, tone: tones.unexpected },
      { label: 'not read', count: failures.length, tone: 'bad' },
    ],
    asides: {
      title: 'What could not be read, and why',
      none: 'Every destination was read.',
      kinds:
        failures.length === 0
          ? []
          : [
              {
                title: 'Not read',
                count: failures.length,
                meaning: 'What these destinations hold is not known, or not all of it. Audit them again.',
                reasons: byReason(
                  failures,
                  ({ reason }) => reason,
                  ({ destination }) => destination,
                ),
              },
            ],
    },
    heading: 'Differences',
    columns,
    rows: pageRows(items, {
      kind: (item) => ('kind' in item ? item.kind : 'not read'),
      tone: (item) => ('kind' in item ? tones[item.kind] : 'bad'),
      cells: (item) => ('kind' in item ? driftCells(item) : [item.destination, null, null, item.reason]),
    }),
    notes: [],
  };
}

function driftCells({ destination, tag, digest, was }: Drift): (string | null)[] {
  return [destination, tag, digest, was === undefined ? '' : `is on ${was}`];
}
