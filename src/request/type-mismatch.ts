// The error for a JSON value of the wrong type: which key it is, and how to write it.
import { UserError } from '../errors.ts';
import type { JsonNode } from './json-scan.ts';

type Expected =
  | 'string'
  | 'string or number'
  | 'string or object'
  | 'boolean'
  | 'list of strings'
  | 'boolean or list of strings'
  | 'object';

const remedies: Readonly<Record<Expected, string>> = {
  string: 'write one string, in quotes',
  'string or object': 'write it as keys and values, or as one string in quotes',
  'string or number': 'write one string, in quotes',
  boolean: 'write true or false, without quotes',
  'list of strings': 'write it as a list, even if it has only one item',
  'boolean or list of strings': 'write true or false without quotes, or a list, even if it has only one item',
  object: 'write it as keys and values',
};

/** The error for a value of another type than its key has; `path` is empty for the request itself. */
export function mismatch(found: JsonNode, path: string, expected: Expected): UserError {
  const place = path === '' ? 'the request' : `field ${quotePath(path)}`;
  return new UserError(`cannot unmarshal ${found.type} into ${place} of type ${expected}`, {
    hint: remedies[expected],
  });
}

/** The path of a key in quotes, shortened when it is very long. */
export function quotePath(path: string): string {
  const letters = [...path];
  return JSON.stringify(letters.length > 100 ? `${letters.slice(0, 100).join('')}…` : path);
}
