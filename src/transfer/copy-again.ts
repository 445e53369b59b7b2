// Sends everything again when a target lacks content that it said it has.
import type { OnContentEvent } from '../content/content-event.ts';
import type { ContentTarget } from '../content/content-graph.ts';
import { causes, errorCode } from '../errors.ts';

/** The code of a target's error for a manifest that points at content which the target does not have. */
const contentUnknown = 'CONTENT_UNKNOWN';

/**
 * Runs a copy. When it fails because the target lacks content that it had said it has, or that it had mounted, runs it once
 * more with a target that has nothing and mounts nothing. Throws the error of the last run.
 */
export async function copyAgainIfLost<Target extends ContentTarget, Result>(
  target: Target,
  on: OnContentEvent,
  run: (target: Target) => Promise<Result>,
): Promise<Result> {
  try {
    return await run(target);
  } catch (error) {
    if (!isContentLost(error)) {
      throw error;
    }
    on({ type: 'content-lost', name: target.name });
    return await run({ ...target, has: async () => false, mount: async () => false });
  }
}

/** Whether an error says that a target lacks content below a manifest. */
export function isContentLost(error: unknown): boolean {
  return [...causes(error)].some((level) => errorCode(level) === contentUnknown);
}
