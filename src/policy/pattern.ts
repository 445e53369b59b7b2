// Users' regular expressions: RE2 as Go has it, so that no pattern can run away and upstream's patterns keep working.
import { RE2JS, RE2JSException } from 're2js';
import { UserError } from '../errors.ts';
import { toRe2jsSyntax } from './pattern-syntax.ts';
import { quote } from './quote.ts';

/** A compiled pattern. */
export interface Pattern {
  /** Whether the pattern is found anywhere in the text (Go's `MatchString`), in time linear in the text. */
  matches(text: string): boolean;
}

/**
 * Compiles RE2 syntax as Go's `regexp.Compile` does. `what` says in the UserError where a bad pattern comes from,
 * for example `source.tag_regex`. A few Unicode classes that Go does not know are accepted, such as `\p{Emoji}`.
 */
export function compilePattern(text: string, what: string): Pattern {
  const first = compile(text);
  const compiled = first instanceof RE2JS ? first : compile(toRe2jsSyntax(text));
  if (compiled instanceof RE2JS) {
    return { matches: (candidate) => compiled.test(candidate) };
  }
  throw new UserError(`invalid regex pattern in ${what}: ${quote(text)}`, {
    cause: first,
    hint: 'patterns are RE2: no look-around, no back-references; see https://github.com/google/re2/wiki/Syntax',
  });
}

function compile(text: string): RE2JS | RE2JSException {
  try {
    return RE2JS.compile(text);
  } catch (error) {
    if (error instanceof RE2JSException) {
      return error;
    }
    throw error;
  }
}
