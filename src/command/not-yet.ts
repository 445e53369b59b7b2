// What upstream does and this resource does not do yet. Asking for it is an error: nothing is ignored in silence.
import { UserError } from '../errors.ts';
import type { ContentTrust, Source } from './source.ts';

/** A key whose value, when it is not empty, asks for a feature that is missing. */
interface Gap {
  readonly key: string;
  readonly value: (source: Source) => ContentTrust | undefined;
  readonly feature: string;
  readonly hint: string;
}

/** The keys of `source` that only a put acts on; a check and a get have nothing to sign. */
const ofPutSource: readonly Gap[] = [
  {
    key: 'content_trust',
    value: (source) => source.contentTrust,
    feature: 'signing images',
    hint: 'remove content_trust to publish without a signature',
  },
];

/** Fails with a UserError when a put's `source` asks for what `out` does not do yet. */
export function rejectUnsupportedPut(source: Source): void {
  rejectGaps(ofPutSource, source);
}

function rejectGaps(gaps: readonly Gap[], source: Source): void {
  for (const { key, value, feature, hint } of gaps) {
    if (value(source)) {
      throw new UserError(`source.${key} is set, but ${feature} is not supported yet`, { hint });
    }
  }
}
