// Where images may go: the patterns of allow_destinations, checked before any request.
import { UserError } from '../errors.ts';
import type { CliSettings } from './settings-file.ts';

/** So many destinations are named in an error. */
const namedDestinations = 10;

/** Throws a UserError unless the settings allow all destinations (`host/path/name`). Without patterns all are allowed. */
export function requireAllowed(
  destinations: Iterable<string>,
  { allowDestinations }: Pick<CliSettings, 'allowDestinations'>,
): void {
  if (allowDestinations.length === 0) {
    return;
  }
  const forbidden = [...new Set(destinations)].filter(
    (destination) => !allowDestinations.some((pattern) => pattern.matches(destination)),
  );
  if (forbidden.length > 0) {
    const more = forbidden.length - namedDestinations;
    const names = forbidden.slice(0, namedDestinations).join(', ');
    throw new UserError(
      `allow_destinations of the settings file does not allow ${names}${more > 0 ? `, and ${more} more` : ''}`,
      { hint: 'nothing was sent; correct the destination, or add a pattern for it' },
    );
  }
}
