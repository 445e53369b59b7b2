// What a copy does, as lines of the build log: the wording of upstream's registry library.
import type { ContentEvent, OnContentEvent } from '../content/content-event.ts';
import { contentWarning } from '../content/content-warning.ts';
import type { Log } from '../log.ts';
import { isDigest } from '../oci/digest.ts';

/** Writes each event of a copy as one progress line, or as a warning. */
export function reportContent(log: Log): OnContentEvent {
  return (event) => {
    const warning = contentWarning(event);
    if (warning !== undefined) {
      log.warn(warning);
    }
    const line = lineOf(event);
    if (line !== undefined) {
      log.progress(line);
    }
  };
}

function lineOf(event: ContentEvent): string | undefined {
  switch (event.type) {
    case 'existing':
    case 'pushed':
    case 'mounted':
      return event.node.kind === 'blob' ? `${event.type} blob: ${event.node.descriptor.digest}` : undefined;
    case 'stored': {
      const { digest, size } = event.descriptor;
      const separator = isDigest(event.reference) ? '@' : ':';
      return `${event.name}${separator}${event.reference}: digest: ${digest} size: ${size}`;
    }
    case 'content-lost':
      return `${event.name}: does not have all content that it said it has; sending everything again`;
    case 'tag-unchanged':
      return `existing manifest: ${event.tag}@${event.digest}`;
    case 'tag-restored':
      return event.to === undefined
        ? `${event.name}:${event.tag}: removed again`
        : `${event.name}:${event.tag}: put back to ${event.to}`;
    case 'tag-kept':
    case 'attachment-missing':
    case 'subject-missing':
      return undefined;
    case 'tag-taken':
      return `${event.name}:${event.tag}: left as it is, because it was moved by somebody else`;
  }
}
