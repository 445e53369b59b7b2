// The RE2 patterns of options. An empty one is refused: it matches everything, and comes from a variable that is not set.
import { UserError } from '../errors.ts';
import { compilePattern, type Pattern } from '../policy/pattern.ts';

/** The pattern of an option; undefined without the option. Throws a UserError for an empty or invalid one. */
export function optionalPattern(text: string | undefined, option: string): Pattern | undefined {
  if (text === '') {
    throw new UserError(`the pattern of ${option} is empty`, {
      hint: 'write ".*" where everything is meant',
    });
  }
  return text === undefined ? undefined : compilePattern(text, option);
}
