// A value that is one of few words.
import { UserError } from '../errors.ts';
import { nearestKey } from '../policy/nearest-key.ts';

/** The word that the text is. Throws a UserError for any other, with the nearest word as its hint; `name` is that of the key. */
export function parseChoice<Choice extends string>(
  text: string,
  choices: readonly Choice[],
  name: string,
): Choice {
  const choice = choices.find((known) => known === text);
  if (choice === undefined) {
    const allowed = choices.map((known) => `'${known}'`).join(', ');
    const nearest = nearestKey(text, choices);
    throw new UserError(
      `unknown ${name} provided, must be one of ${allowed}: ${JSON.stringify(text)}`,
      nearest === undefined ? {} : { hint: `did you mean ${nearest}?` },
    );
  }
  return choice;
}
