// The JSON schema of the answer of each command of registry-image with --json, for docs/schema/registry-image.
import type { JsonSchema } from './schema.ts';

const string = (description: string): JsonSchema => ({ type: 'string', description });
const count = (description: string): JsonSchema => ({ type: 'integer', minimum: 0, description });
const orNull = (schema: JsonSchema): JsonSchema => ({ ...schema, type: [schema.type, 'null'] });
const list = (items: JsonSchema): JsonSchema => ({ type: 'array', items });
const oneOf = (values: readonly string[], description: string): JsonSchema => ({
  type: 'string',
  enum: values,
  description,
});

/** An object with these keys; those of `optional` may be absent, and more may be added. */
function object(
  properties: Readonly<Record<string, JsonSchema>>,
  optional: Readonly<Record<string, JsonSchema>> = {},
): JsonSchema {
  return { type: 'object', properties: { ...properties, ...optional }, required: Object.keys(properties) };
}

const digest: JsonSchema = {
  type: 'string',
  pattern: '^sha256:[0-9a-f]{64}$',
  description: 'the digest of a manifest or index',
};
const tag = string('a tag');
const tagOrNull = orNull(string('a tag; null for a digest without one'));
const destination = string('host/path/name, or oci:DIRECTORY and docker-archive:FILE where they were given');
const reason = string('why it is so, for people; empty when there is nothing to say');

const promotionWith = (digestOfEdge: JsonSchema) =>
  object({
    summary: object({
      edges: count('all edges'),
      present: count('edges that need nothing'),
      pending: count('edges that a dry run would carry out'),
      copied: count('edges whose content was sent or mounted'),
      tagged: count('edges whose digest was there, with a tag that is new or has moved'),
      lost: count('edges whose digest neither source nor destination holds'),
      tag_moves: count('edges whose tag is on another digest and may not move'),
      failed: count('edges that could not be carried out'),
    }),
    edges: list(
      object({
        source: string('host/path/name, or a place on disk'),
        destination,
        digest: digestOfEdge,
        tag: tagOrNull,
        outcome: oneOf(
          ['present', 'pending', 'copied', 'tagged', 'lost', 'tag-move', 'failed'],
          'what becomes, or became, of the edge',
        ),
        reason,
      }),
    ),
  });

const promotion = promotionWith(digest);

const problems = list(
  object(
    { file: string('a path'), line: count('counted from 1'), message: string('what is wrong') },
    { column: count('where a file is malformed, counted from 1') },
  ),
);

const audit = object({
  summary: object({
    expected: count('edges of the manifests'),
    missing: count('edges that are not there'),
    moved: count('tags that are on another digest'),
    unexpected: count('tags and digests that no manifest names'),
  }),
  drift: list(
    object(
      {
        destination,
        digest,
        tag: tagOrNull,
        kind: oneOf(['missing', 'moved', 'unexpected'], 'what differs'),
      },
      { was: digest },
    ),
  ),
  failures: list(object({ destination, reason })),
});

const registryChanges = list(
  object({
    manifest: string('the file of a plain manifest, the folder of a thin one'),
    registry: string('the name of the registry'),
    kind: oneOf(['new', 'gone'], 'whether it is there only afterwards, or only before'),
  }),
);

const diff = object({
  summary: object({
    added: count('tags that are new'),
    removed: count('tags that are gone'),
    moved: count('tags that are on another digest'),
  }),
  changes: list(
    object(
      {
        manifest: string('the file of a plain manifest, the folder of a thin one'),
        name: string('the name of the image'),
        digest,
        tag: tagOrNull,
        kind: oneOf(['added', 'removed', 'moved'], 'what has changed'),
        was: { ...digest, type: ['string', 'null'], description: 'where a tag was that has moved' },
      },
      { still_promoted: { type: 'boolean', description: 'whether a digest only got its first tag' } },
    ),
  ),
  destinations: registryChanges,
  sources: registryChanges,
});

const snapshot: JsonSchema = list(
  object({
    name: string('the name of the repository, or what follows the prefix that was asked for'),
    dmap: {
      type: 'object',
      description: 'the tags of each digest',
      additionalProperties: list(tag),
    },
  }),
);

const cleanup = object({
  summary: object({
    matching: count('tags that match the pattern'),
    due: count('tags that a dry run would delete'),
    deleted: count('tags that were deleted'),
    kept: count('tags that are due and could not be deleted'),
    unknown: count('tags whose age is not known'),
    failed: count('tags whose image could not be read'),
  }),
  tags: list(
    object({
      tag,
      digest,
      time: orNull(string('when it was made, by RFC 3339')),
      outcome: oneOf(['due', 'deleted', 'kept', 'unknown', 'failed'], 'what becomes, or became, of the tag'),
      reason,
    }),
  ),
});

const blob = {
  digest,
  media_type: string('a media type'),
  size: count('bytes'),
};
const nodeReference: JsonSchema = { $ref: '#/definitions/node' };
const node = object({
  ...blob,
  kind: oneOf(['index', 'image', 'blob', 'missing'], 'missing: listed, but not there'),
  platform: orNull(string('os/architecture[/variant]')),
  artifact_type: orNull(string('a media type')),
  tag: orNull(string('the tag by which it is attached to its parent')),
  annotations: { type: 'object', additionalProperties: { type: 'string' } },
  config: { anyOf: [object(blob), { type: 'null' }] },
  layers: list(object(blob)),
  signatures: list(
    object({
      predicate_type: orNull(string('the type of the signed statement; null for a legacy signature')),
      key: orNull(string('the SHA-256 of the public key, as it is stated')),
      identity: orNull(
        object({
          issuer: string('who vouches for the subject'),
          subject: string('that of the certificate, which is not verified'),
        }),
      ),
    }),
  ),
  children: list(nodeReference),
  referrers: list(nodeReference),
});

const inspect: JsonSchema = {
  ...object({
    repository: string('host/path/name'),
    tag: orNull(string('the tag that was asked for')),
    digest,
    summary: object({
      images: count('images, that of an index by platform'),
      referrers: count('what is attached to them'),
      size: count('bytes of all of it, each digest once'),
    }),
    root: nodeReference,
  }),
  definitions: { node },
};

const compare = object({
  equal: { type: 'boolean', description: 'whether there is no difference' },
  differences: list(
    object({
      where: string('the platform, the config, a layer, a package or a file'),
      what: string('what differs there'),
      a: orNull(string('in the first image; null when it is not there')),
      b: orNull(string('in the second image; null when it is not there')),
    }),
  ),
});

/** Who has made a signature that counts. */
const signer = {
  key: orNull(
    string('the SHA-256 of the public key; null when it does not count, or an identity has signed'),
  ),
  identity: orNull(
    object({
      issuer: string('who vouches for the subject'),
      subject: string('that of the certificate'),
    }),
  ),
  signed_at: orNull(string('the earliest time that is proven; null without a proof')),
};

const verify = object({
  repository: string('host/path/name'),
  tag: orNull(string('the tag that was asked for')),
  digest,
  verified: {
    type: 'boolean',
    description: 'whether as many keys and identities as the threshold have signed it',
  },
  threshold: count('how many different keys and identities must have signed it'),
  keys: list(
    object({
      key: string('the SHA-256 of a public key'),
      signed: { type: 'boolean', description: 'whether a signature of it counts' },
    }),
  ),
  identities: list(
    object({
      issuer: string('who vouches for the subject'),
      subject: string('the subject, or the pattern for it'),
      signed: { type: 'boolean', description: 'whether a signature of it counts' },
    }),
  ),
  signatures: list(
    object({
      format: oneOf(['bundle', 'legacy'], 'a sigstore bundle, or one under the tag sha256-….sig'),
      manifest: digest,
      ...signer,
      annotations: { type: 'object', additionalProperties: { type: 'string' } },
      reason,
    }),
  ),
  predicates: list(
    object({
      type: string('a type of attestations that is required'),
      attested: { type: 'boolean', description: 'whether an attestation of it counts' },
    }),
  ),
  attestations: list(
    object({
      manifest: digest,
      predicate_type: orNull(string('that of the statement; null when it does not count')),
      ...signer,
      reason,
    }),
  ),
  others: list(string('the type of something else that is attached: an artifact type or a predicate type')),
});

const sign = object({
  repository: string('host/path/name'),
  tag: orNull(string('the tag that was asked for')),
  digest,
  key: orNull(string('the SHA-256 of the public key; null without a key')),
  identity: orNull(string('who the certificate names, and the issuer of the token; null with a key')),
  signatures: list(
    object({
      digest,
      format: oneOf(['bundle', 'legacy'], 'a sigstore bundle, or one under the tag sha256-….sig'),
      manifest: digest,
      outcome: oneOf(['signed', 'present'], 'present: the key had signed it before'),
    }),
  ),
});

const attest = object({
  repository: string('host/path/name'),
  tag: orNull(string('the tag that was asked for')),
  digest,
  key: orNull(string('the SHA-256 of the public key; null without a key')),
  identity: orNull(string('who the certificate names, and the issuer of the token; null with a key')),
  type: string('the URI of the type of what is attested'),
  manifest: digest,
  outcome: oneOf(['attested', 'present'], 'present: the key had attested the same before'),
});

const schemas: Readonly<Record<string, JsonSchema>> = {
  validate: object({ errors: problems, warnings: problems }),
  diff,
  promote: promotion,
  apply: promotion,
  mirror: promotionWith({
    ...orNull(digest),
    description: 'the digest of a manifest or index; null for a tag that could not be looked up',
  }),
  copy: promotion,
  audit,
  snapshot,
  cleanup,
  ls: object({ repository: string('host/path/name'), tags: list(tag) }),
  inspect,
  compare,
  verify,
  sign,
  attest,
};

/** The schemas by the name of the command. */
export function answerSchemas(): Readonly<Record<string, JsonSchema>> {
  return Object.fromEntries(
    Object.entries(schemas).map(([command, schema]) => [
      command,
      {
        $schema: 'http://json-schema.org/draft-07/schema#',
        title: `The answer of registry-image ${command} --json`,
        ...schema,
      },
    ]),
  );
}
