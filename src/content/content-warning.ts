// What of a copy is worth a warning: what the source has, and the target does not get as it is there.
import type { ContentEvent } from './content-event.ts';
import { keptTagText } from './tag-state.ts';

/** An event as a warning for people; undefined for what goes as it should. */
export function contentWarning(event: ContentEvent): string | undefined {
  switch (event.type) {
    case 'tag-kept':
      return `${event.name}: ${keptTagText(event.kept)}`;
    case 'subject-missing':
      return `${event.name}: ${event.digest} is listed as a referrer at the source, but names no subject: it was copied, and no tool will find it by the image`;
    case 'attachment-missing':
      return `${event.name}:${event.tag} is listed, but the registry answers that it does not exist: what it attaches to the image was not copied`;
    default:
      return undefined;
  }
}
