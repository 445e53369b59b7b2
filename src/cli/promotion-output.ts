// The result of a promotion on standard output: a table and a summary for people, or one JSON document.
import type { PromotionResult } from '../promotion/promote.ts';
import type { PromotionSummary, ReportedEdge } from '../promotion/promotion-report.ts';
import { counted, jsonAnswer, tableText } from './table.ts';

/** How a result is printed; `redact` is for what servers say. */
export interface PromotionOutput {
  readonly json: boolean;
  redact(text: string): string;
}

/** The answer of a command that promotes: `{"summary": {…}, "edges": […]}`, or a table and a summary line. */
export function promotionAnswer({ summary, edges }: PromotionResult, output: PromotionOutput): string {
  const shown = edges.map((edge) =>
    edge.outcome === 'failed' ? { ...edge, reason: output.redact(edge.reason) } : edge,
  );
  if (output.json) {
    return jsonAnswer({ summary, edges: shown });
  }
  const rows = shown.map(({ outcome, source, destination, tag, digest, reason }) => [
    outcome,
    tag === null ? destination : `${destination}:${tag}`,
    digest ?? '',
    source,
    reason,
  ]);
  return `${tableText(['OUTCOME', 'DESTINATION', 'DIGEST', 'SOURCE', 'REASON'], rows)}${summaryLine(summary)}\n`;
}

/** `12 edges: 9 present, 3 copied`; outcomes that do not occur are left out. */
export function summaryLine(summary: PromotionSummary): string {
  const { edges, ...counts } = summary;
  const names: Readonly<Record<string, string>> = { tag_moves: 'tag moves not allowed' };
  const parts = Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([name, count]) => `${count} ${names[name] ?? name}`);
  return `${counted(edges, 'edge')}: ${parts.join(', ') || 'nothing to do'}`;
}

/** One line about an edge, for the log. */
export function edgeLine({ outcome, destination, tag, digest, reason }: ReportedEdge): string {
  const place = tag === null ? `${destination}@${digest}` : `${destination}:${tag} ${digest}`;
  return `${outcome} ${place}${reason === '' ? '' : ` (${reason})`}`;
}
