// The result of a promotion on standard output: a table and a summary for people, or one JSON document.
import type { PromotionResult } from '../promotion/promote.ts';
import type { PromotionSummary, ReportedEdge } from '../promotion/promotion-report.ts';
import { counted, inLargeParts, tableLines } from './table.ts';

/** How a result is printed; `redact` is for what servers say. */
export interface PromotionOutput {
  readonly json: boolean;
  redact(text: string): string;
}

/**
 * The answer of a command that promotes, in parts: `{"summary": {…}, "edges": […]}` with a line for each edge, or a table and
 * a summary line. There may be hundreds of thousands of edges.
 */
export function promotionAnswer(
  result: PromotionResult,
  { json, redact }: PromotionOutput,
): Iterable<string> {
  const redacted = new Map<string, string>();
  // One reason is that of all edges of a host that is down.
  const reasonOf = ({ outcome, reason }: ReportedEdge) => {
    if (outcome !== 'failed') {
      return reason;
    }
    const known = redacted.get(reason) ?? redact(reason);
    redacted.set(reason, known);
    return known;
  };
  return inLargeParts(json ? jsonParts(result, reasonOf) : textParts(result, reasonOf));
}

function* jsonParts(
  { summary, edges }: PromotionResult,
  reasonOf: (edge: ReportedEdge) => string,
): Generator<string> {
  yield `{\n"summary": ${JSON.stringify(summary)},\n"edges": [`;
  let separator = '';
  for (const edge of edges) {
    yield `${separator}\n${JSON.stringify({ ...edge, reason: reasonOf(edge) })}`;
    separator = ',';
  }
  yield `${edges.length > 0 ? '\n' : ''}]\n}\n`;
}

function* textParts(
  { summary, edges }: PromotionResult,
  reasonOf: (edge: ReportedEdge) => string,
): Generator<string> {
  yield* tableLines(['OUTCOME', 'DESTINATION', 'DIGEST', 'SOURCE', 'REASON'], edges, (edge) => {
    const { outcome, source, destination, tag, digest } = edge;
    const place = tag === null ? destination : `${destination}:${tag}`;
    return [outcome, place, digest ?? '', source, reasonOf(edge)];
  });
  yield `${summaryLine(summary)}\n`;
}

/** `12 edges: 9 present, 3 copied`; outcomes that do not occur are left out. */
export function summaryLine(summary: PromotionSummary): string {
  const { edges, ...counts } = summary;
  const parts = Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([name, count]) =>
      name === 'tag_moves' ? `${counted(count, 'tag move')} not allowed` : `${count} ${name}`,
    );
  return `${counted(edges, 'edge')}: ${parts.join(', ') || 'nothing to do'}`;
}

/** One line about an edge, for the log. */
export function edgeLine({ outcome, destination, tag, digest, reason }: ReportedEdge): string {
  const place = tag === null ? `${destination}@${digest}` : `${destination}:${tag} ${digest}`;
  return `${outcome} ${place}${reason === '' ? '' : ` (${reason})`}`;
}
