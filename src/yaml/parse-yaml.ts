// Reads YAML: maps, lists, and scalars that are always strings as written; malformed YAML by line and column.
import { readLibraryYaml } from './library-yaml.ts';
import type { YamlError, YamlReading } from './yaml-node.ts';

const forbidden = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/;

/**
 * The value of a YAML text, in linear time; a byte order mark is left out. Never throws: what is malformed, and what
 * exceeds the bounds on depth, tokens and aliases, is in the errors.
 */
export async function parseYaml(content: string): Promise<YamlReading> {
  const text = content.replace(/^\ufeff/, '');
  const control = forbidden.exec(text);
  if (control) {
    return { root: { kind: 'empty', line: 1 }, errors: [controlCharacter(text, control)] };
  }
  return await readLibraryYaml(text);
}

/** YAML 1.2.2, section 5.1: a stream has no control characters. */
function controlCharacter(text: string, { 0: character, index }: RegExpExecArray): YamlError {
  const before = text.slice(0, index);
  const lineStart = before.lastIndexOf('\n') + 1;
  const code = character.charCodeAt(0).toString(16).padStart(2, '0');
  return {
    line: before.split('\n').length,
    column: index - lineStart + 1,
    message: `control character 0x${code}`,
  };
}
