// Durations as Go writes them (`24h`, `1h30m`, `90s`), and days.
import { UserError } from '../errors.ts';

const units: Readonly<Record<string, number>> = {
  d: 86_400_000,
  h: 3_600_000,
  m: 60_000,
  s: 1_000,
  ms: 1,
};

/** The milliseconds of a duration. Throws a UserError that begins with `where` for any other string. */
export function parseDuration(text: string, where: string): number {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|[dhms])/g)];
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== text) {
    throw new UserError(`${where} is not a duration: ${JSON.stringify(text)}`, {
      hint: 'write a number with a unit: 30m, 24h, 7d',
    });
  }
  return parts.reduce((sum, [, number, unit]) => sum + Number(number) * (units[unit ?? ''] ?? 0), 0);
}
