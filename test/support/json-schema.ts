// Checks a JSON value against a schema, as far as the schemas of this repository go; strictly: no key may be unknown.

/** A JSON schema, draft 7. */
export type Schema = Readonly<Record<string, unknown>>;

/**
 * What does not match, each with its place such as `$.edges[0].tag`; empty when everything does. Other than the standard
 * has it, a key without a schema is an error. Throws for a keyword that is not known here.
 */
export function schemaProblems(value: unknown, schema: Schema, root: Schema = schema, place = '$'): string[] {
  const problems: string[] = [];
  for (const [keyword, expected] of Object.entries(schema)) {
    const check = keywords[keyword];
    if (!check) {
      throw new Error(`the schema of ${place} has the keyword ${keyword}, which this check does not know`);
    }
    problems.push(...check({ value, expected, schema, root, place }));
  }
  return problems;
}

interface Check {
  readonly value: unknown;
  readonly expected: unknown;
  readonly schema: Schema;
  readonly root: Schema;
  readonly place: string;
}

const nothing = () => [];
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function typeOf(value: unknown): string {
  if (value === null) {
    return 'null';
  }
  return Array.isArray(value) ? 'array' : Number.isInteger(value) ? 'integer' : typeof value;
}

const keywords: Readonly<Record<string, (check: Check) => string[]>> = {
  $schema: nothing,
  title: nothing,
  description: nothing,
  definitions: nothing,
  $ref({ value, expected, root, place }) {
    const [, name = ''] = /^#\/definitions\/(\w+)$/.exec(String(expected)) ?? [];
    return schemaProblems(value, (root.definitions as Record<string, Schema>)[name] as Schema, root, place);
  },
  type({ value, expected, place }) {
    const types = [expected].flat();
    return types.includes(typeOf(value)) ? [] : [`${place} is ${typeOf(value)}, not ${types.join(' or ')}`];
  },
  enum: ({ value, expected, place }) =>
    (expected as unknown[]).includes(value) ? [] : [`${place} is ${JSON.stringify(value)}`],
  pattern: ({ value, expected, place }) =>
    typeof value !== 'string' || new RegExp(String(expected)).test(value)
      ? []
      : [`${place} does not match ${String(expected)}`],
  minimum: ({ value, expected, place }) =>
    typeof value !== 'number' || value >= Number(expected) ? [] : [`${place} is ${value}`],
  anyOf({ value, expected, root, place }) {
    const attempts = (expected as Schema[]).map((schema) => schemaProblems(value, schema, root, place));
    return attempts.some(({ length }) => length === 0) ? [] : attempts.flat();
  },
  items: ({ value, expected, root, place }) =>
    Array.isArray(value)
      ? value.flatMap((item, position) =>
          schemaProblems(item, expected as Schema, root, `${place}[${position}]`),
        )
      : [],
  required: ({ value, expected, place }) =>
    isObject(value)
      ? (expected as string[]).flatMap((key) => (key in value ? [] : [`${place}.${key} is missing`]))
      : [],
  additionalProperties: ({ value, expected, schema, root, place }) =>
    isObject(value) && schema.properties === undefined
      ? Object.entries(value).flatMap(([key, member]) =>
          schemaProblems(member, expected as Schema, root, `${place}.${key}`),
        )
      : [],
  properties({ value, expected, root, place }) {
    const properties = expected as Record<string, Schema>;
    return isObject(value) ? membersProblems(value, properties, root, place) : [];
  },
};

function membersProblems(
  value: Record<string, unknown>,
  properties: Readonly<Record<string, Schema>>,
  root: Schema,
  place: string,
): string[] {
  return Object.entries(value).flatMap(([key, member]) => {
    const own = properties[key];
    return own
      ? schemaProblems(member, own, root, `${place}.${key}`)
      : [`${place}.${key} is not in the schema`];
  });
}
