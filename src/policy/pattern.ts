// Regular expressions of users in the RE2 syntax of Go: linear time, and the same matches as upstream.
import { RE2JS, RE2JSException } from 're2js';
import { UserError } from '../errors.ts';
import { toRe2jsSyntax } from './pattern-syntax.ts';
import { quote } from './quote.ts';

/** A compiled pattern. */
export interface Pattern {
  /** Whether the pattern matches anywhere in the input (Go's `MatchString`), in linear time. */
  matches(input: string): boolean;
}

/**
 * Compiles RE2 syntax as Go's `regexp.Compile` does. Throws a UserError for an invalid pattern; `origin` is where it
 * comes from, for example `source.tag_regex`. Some Unicode classes are accepted that Go does not have (`\p{Emoji}`).
 */
export function compilePattern(text: string, origin: string): Pattern {
  const compiled = compileRe2(text, origin);
  return { matches: (candidate) => compiled.test(candidate) };
}

/** The same for a pattern that has to match the whole of an input: one that matches a part of it does not count. */
export function compileWholePattern(text: string, origin: string): Pattern {
  const compiled = compileRe2(text, origin);
  return { matches: (candidate) => compiled.testExact(candidate) };
}

function compileRe2(text: string, origin: string): RE2JS {
  const first = compile(text);
  const compiled = first instanceof RE2JS ? first : compile(toRe2jsSyntax(text));
  if (compiled instanceof RE2JS) {
    return compiled;
  }
  throw new UserError(`invalid regex pattern in ${origin}: ${quote(text)}`, {
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

/**
 * The pattern of a key or an option that allows, selects or forbids something. Throws a UserError for an invalid one, and for
 * an empty one: it matches everything, and comes from a variable that is not set.
 */
export function requirePattern(text: string, key: string): Pattern {
  if (text === '') {
    throw new UserError(`the pattern of ${key} is empty`, { hint: 'write ".*" where everything is meant' });
  }
  return compilePattern(text, key);
}

/**
 * The patterns of a key that says where images may go; none when the key is absent, which allows everything. Throws a UserError for
 * a list without any, because whether it means everywhere or nowhere is not to be guessed, and as {@link requirePattern} does.
 */
export function allowedPatterns(texts: readonly string[] | undefined, key: string): readonly Pattern[] {
  if (texts?.length === 0) {
    throw new UserError(`${key} has no pattern`, {
      hint: 'add one for each place where images may go, or leave the key out to allow all',
    });
  }
  return (texts ?? []).map((text) => requirePattern(text, key));
}
