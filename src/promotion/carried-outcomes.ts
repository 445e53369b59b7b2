// What became of the edges that were carried out, in little memory: a byte for each, and the reasons of those that have one.
import type { CarriedOutcome } from './carry-out.ts';
import type { PromotionSummary } from './promotion-report.ts';

const outcomes = ['copied', 'tagged', 'present', 'failed'] as const satisfies CarriedOutcome['outcome'][];

/** Outcomes by the position of their edge in the plan. */
export interface CarriedOutcomes {
  set(position: number, outcome: CarriedOutcome): void;
  /** Undefined for an edge that was not carried out. */
  get(position: number): CarriedOutcome | undefined;
  /** What they change in the counts of the plan: each of these edges is no longer pending. */
  changes(): PromotionSummary;
}

/** Room for the outcomes of so many edges. */
export function createCarriedOutcomes(length: number): CarriedOutcomes {
  // 0 is for none.
  const numbers = new Uint8Array(length);
  const reasons = new Map<number, string>();
  return {
    set(position, { outcome, reason }) {
      numbers[position] = outcomes.indexOf(outcome) + 1;
      if (reason !== undefined) {
        reasons.set(position, reason);
      }
    },
    get(position) {
      const outcome = outcomes[(numbers[position] ?? 0) - 1];
      const reason = reasons.get(position);
      return outcome && (reason === undefined ? { outcome } : { outcome, reason });
    },
    changes() {
      const counts = { pending: 0, copied: 0, tagged: 0, present: 0, failed: 0 };
      for (const number of numbers) {
        const outcome = outcomes[number - 1];
        if (outcome) {
          counts[outcome]++;
          counts.pending--;
        }
      }
      return { edges: 0, lost: 0, tag_moves: 0, ...counts };
    },
  };
}
