// Generates docs/schema: a JSON schema for each request, from the decoder and the docs, and for each answer of registry-image.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeCheckRequest, decodeInRequest, decodeOutRequest } from '../src/request/request.ts';
import { answerSchemas } from './answer-schemas.ts';
import { type DecodedKey, decodedKeys, type MemberType } from './decoded-keys.ts';
import { type DocumentedKey, documentedKeys } from './markdown-tables.ts';
import { repositoryRoot, runProgram, runScript } from './run-script.ts';

/** A JSON schema, draft 7. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** The decoders by the name of the executable. */
export const decoders: Readonly<Record<string, (input: string) => unknown>> = {
  check: decodeCheckRequest,
  in: decodeInRequest,
  out: decodeOutRequest,
};

/** Keys whose value is one of few, by their path; the decoder or the command refuses others or warns of them. */
export const choices: Readonly<Record<string, readonly string[]>> = {
  'in.params.format': ['rootfs', 'oci', 'oci-layout'],
  'out.params.compression': ['gzip', 'zstd'],
  'out.params.cleanup.in': ['destination', 'source'],
  'out.params.on_conflict': ['fail', 'skip', 'move'],
  'out.params.sign.format': ['bundle', 'legacy', 'both'],
  'out.params.unique_suffix': ['timestamp'],
  'source.azure_environment': ['AzurePublic', 'AzureGovernment', 'AzureChina'],
  'source.content_trust.on_failure': ['fail', 'warn'],
  'source.verify.mode': ['require', 'warn'],
  'source.content_trust.scopes': ['pull', 'push,pull', 'catalog'],
};

const deprecated = ['source.aws_ecr_registry_id'];
const folder = join(repositoryRoot, 'docs', 'schema');

/** The path of a key as the docs and {@link choices} name it: all requests share `source` and `version`. */
export function sharedPath(command: string, path: readonly string[]): string {
  return (path[0] === 'params' ? [command, ...path] : path).join('.');
}

/** What the docs say about the keys of an object, such as `in.params` or `source.platform`. */
export function documentation(path: string): readonly DocumentedKey[] {
  const parts = path.split('.');
  const object = parts.at(-1) ?? '';
  const pages: Readonly<Record<string, readonly [page: string, object: string]>> = {
    version: ['check.md', 'version'],
    source: ['source.md', ''],
    'in.params': ['get.md', ''],
    'out.params': ['put.md', ''],
    'out.params.from': ['put.md', 'from'],
    'out.params.manifests': ['put.md', 'manifests'],
    'out.params.cleanup': ['put.md', 'cleanup'],
    'out.params.sign': ['put.md', 'sign'],
    'out.params.sign.attest': ['put.md', 'attest'],
    'out.params.platforms': ['source.md', 'platform'],
  };
  const [page, table] = pages[path] ?? ['source.md', object];
  return documentedKeys(readFileSync(join(repositoryRoot, 'docs', page), 'utf8')).get(table) ?? [];
}

/** The schemas by the name of the executable. */
export function requestSchemas(): Readonly<Record<string, JsonSchema>> {
  return Object.fromEntries(
    Object.entries(decoders).map(([command, decode]) => {
      const members = decodedKeys(decode);
      const schema = {
        $schema: 'http://json-schema.org/draft-07/schema#',
        title: `The request of ${command}, on standard input`,
        ...objectSchema(command, [], members),
        required: command === 'in' ? ['source', 'version'] : ['source'],
      };
      return [command, schema];
    }),
  );
}

function objectSchema(command: string, path: readonly string[], members: readonly DecodedKey[]): JsonSchema {
  const documented = path.length === 0 ? [] : documentation(sharedPath(command, path));
  const properties = members.map((member) => {
    const row = documented.find(({ key }) => key === member.key);
    return [member.key, memberSchema(command, [...path, member.key], member, row)] as const;
  });
  const required = documented.filter((row) => row.default === 'required').map(({ key }) => key);
  return {
    type: 'object',
    properties: Object.fromEntries(properties),
    ...(required.length > 0 ? { required } : {}),
    additionalProperties: false,
  };
}

function memberSchema(
  command: string,
  path: readonly string[],
  { type, keys }: DecodedKey,
  row: DocumentedKey | undefined,
): JsonSchema {
  const name = sharedPath(command, path);
  const value = row && defaultValue(row.default);
  return {
    ...(row ? { description: description(row) } : {}),
    ...valueSchema(type, () => objectSchema(command, path, keys)),
    ...(choices[name] ? { enum: choices[name] } : {}),
    ...(value === undefined ? {} : { default: value }),
    ...(deprecated.includes(name) ? { deprecated: true } : {}),
  };
}

function valueSchema(type: MemberType, object: () => JsonSchema): JsonSchema {
  const strings = { items: { type: 'string' } };
  switch (type) {
    case 'string':
      return { type: 'string' };
    case 'scalar':
      return { type: ['string', 'number', 'boolean'] };
    case 'boolean':
      return { type: 'boolean' };
    case 'stringOrObject':
      return { type: ['object', 'string'] };
    case 'strings':
      return { type: 'array', ...strings };
    case 'booleanOrStrings':
      return { type: ['boolean', 'array'], ...strings };
    case 'stringMap':
      return { type: 'object', additionalProperties: { type: ['string', 'number', 'boolean'] } };
    case 'object':
      return object();
    case 'stringOrObjectOf':
      return { anyOf: [object(), { type: 'string' }] };
    case 'objects':
      return { anyOf: [object(), { type: 'array', items: { anyOf: [object(), { type: 'string' }] } }] };
  }
}

/** A default that is a value: `false` or a word in code. Others (`none`, `this machine`) are words for people. */
function defaultValue(text: string): string | boolean | undefined {
  const [, code] = /^`([^`]+)`$/.exec(text) ?? [];
  return code === 'false' ? false : code;
}

function description({ meaning, usedBy, default: fallback }: DocumentedKey): string {
  const text = meaning.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').replaceAll('`', '');
  const where = usedBy === undefined ? '' : ` Used by: ${usedBy}.`;
  const otherwise = /^(none|required|`.*`)$/.test(fallback) ? '' : ` Default: ${fallback}.`;
  return `${text[0]?.toUpperCase() ?? ''}${text.slice(1)}.${where}${otherwise}`;
}

if (import.meta.main) {
  await runScript('schema', () => {
    const answers = join(folder, 'registry-image');
    mkdirSync(answers, { recursive: true });
    for (const [directory, schemas] of [
      [folder, requestSchemas()],
      [answers, answerSchemas()],
    ] as const) {
      for (const [command, schema] of Object.entries(schemas)) {
        writeFileSync(join(directory, `${command}.json`), `${JSON.stringify(schema, null, 2)}\n`);
      }
    }
    runProgram('biome', ['format', '--write', folder]);
  });
}
