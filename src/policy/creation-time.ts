// When an image was created, as its config says: a time of RFC 3339, or none.
import { UserError } from '../errors.ts';
import { quote } from './quote.ts';

/** Go's zero time, the first day of year 1, which stands for no time. */
export const neverCreated = BigInt(Date.parse('0001-01-01T00:00:00Z')) * 1_000_000n;

const timestamp = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:[.,](\d+))?(?:Z|([+-])(\d{2}):(\d{2}))$/;

/**
 * An image's creation time (RFC 3339) in nanoseconds since 1970; an empty string is Go's zero time, the first day of
 * year 1. Throws a UserError that begins with `where` for any other string.
 */
export function parseCreated(created: string, where: string): bigint {
  const time = created === '' ? neverCreated : timeOfCreation(created);
  if (time === undefined) {
    throw new UserError(`${where}: "created" must be a time as in RFC 3339: got ${quote(created)}`);
  }
  return time;
}

/** A time of RFC 3339 in nanoseconds since 1970; undefined for any other string. */
export function timeOfCreation(created: string): bigint | undefined {
  const [, dateTime = '', fraction = '', sign, hours = '0', minutes = '0'] = timestamp.exec(created) ?? [];
  const time = new Date(`${dateTime}Z`);
  // Date accepts days that do not exist, such as 30 February, as other days.
  if (dateTime === '' || Number.isNaN(time.getTime()) || time.toISOString() !== `${dateTime}.000Z`) {
    return undefined;
  }
  const offset = (Number(hours) * 60 + Number(minutes)) * (sign === '-' ? -1 : 1);
  const milliseconds = BigInt(time.getTime() - offset * 60_000);
  return milliseconds * 1_000_000n + BigInt(fraction.slice(0, 9).padEnd(9, '0'));
}
