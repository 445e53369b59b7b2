// A saved plan: what `promote --out` writes and `apply` carries out. Cut, edited and foreign files are refused.
import { UserError } from '../errors.ts';
import { digestOf, isDigest } from '../oci/digest.ts';
import { isJsonObject, parseJson } from '../oci/json.ts';
import { parseRepository } from '../oci/reference.ts';
import { isTag } from '../policy/tag-grammar.ts';
import type { PromotionPlan } from './plan.ts';
import { type EdgeAction, type PlannedEdge, plannedEdge } from './plan-edges.ts';
import { repositoryFault } from './registry-name.ts';

/** What a file says of itself: another tool's JSON, and a plan that another release made, are no plan for this one. */
const format = 'registry-image plan';
const version = 1;

const actions: readonly EdgeAction[] = ['present', 'copy', 'tag', 'lost', 'tag-move', 'failed'];

/** A plan as it was saved. */
export interface SavedPlan extends PromotionPlan {
  /** When it was made, by RFC 3339. */
  readonly created: string;
}

/**
 * The JSON of a plan that was made at `now`, in milliseconds since 1970. `redact` is for what servers said: the file is
 * read by others.
 */
export function encodePlan(
  { edges, total }: PromotionPlan,
  now: number,
  redact: (text: string) => string,
): string {
  const content = {
    format,
    version,
    created: new Date(now).toISOString(),
    total,
    edges: edges.map((edge) => edgeJson(edge, redact)),
  };
  return `${JSON.stringify({ ...content, checksum: digestOf(JSON.stringify(content)) }, null, 1)}\n`;
}

/** The plan in the bytes of a file. Throws a UserError when it is not whole, was edited, or is of another version. */
export function decodePlan(bytes: Uint8Array): SavedPlan {
  const document = parseJson(bytes);
  if (!isJsonObject(document)) {
    throw new UserError('the file is not a JSON document: it is cut off, or no plan', { hint: makeAgain });
  }
  const { checksum, ...content } = document;
  if (content.format !== format) {
    throw new UserError('the file is not a plan of registry-image', { hint: makeAgain });
  }
  if (content.version !== version) {
    throw new UserError(
      `the plan has version ${JSON.stringify(content.version)}; this program carries out version ${version}`,
      { hint: 'make the plan again with this program, or carry it out with the one that made it' },
    );
  }
  if (checksum !== digestOf(JSON.stringify(content))) {
    throw new UserError('the plan was changed after it was made: its checksum does not match', {
      hint: makeAgain,
    });
  }
  const { created, total, edges } = content;
  if (typeof created !== 'string' || typeof total !== 'number' || !Array.isArray(edges)) {
    throw new UserError('the plan has no list of edges', { hint: makeAgain });
  }
  if (!Number.isSafeInteger(total) || total < edges.length) {
    throw new UserError(`the plan has ${edges.length} edges, but counts ${total}`, { hint: makeAgain });
  }
  return { created, total, edges: edges.map(readEdge) };
}

const makeAgain = 'make it again with promote --out';

function edgeJson(edge: PlannedEdge, redact: (text: string) => string) {
  const { source, destination, digest, tag, action, was } = edge;
  const reason = edge.reason === undefined ? undefined : redact(edge.reason);
  return { source, destination, digest, tag, action, was, reason };
}

function readEdge(value: unknown): PlannedEdge {
  if (isJsonObject(value)) {
    const { source, destination, digest, tag, was, reason } = value;
    const action = actions.find((known) => known === value.action);
    if (
      typeof source === 'string' &&
      typeof destination === 'string' &&
      isDigest(digest) &&
      (tag === null || (typeof tag === 'string' && isTag(tag))) &&
      isPlace(source) &&
      isPlace(destination) &&
      action !== undefined &&
      isOptional(was, isDigest) &&
      isOptional(reason, (text): text is string => typeof text === 'string')
    ) {
      return plannedEdge({ source, destination, digest, tag }, action, was, reason);
    }
  }
  throw new UserError('an edge of the plan is malformed', { hint: makeAgain });
}

/** Whether it is the whole name of a repository. The parts of an edge become paths of requests: none may lead elsewhere. */
function isPlace(name: string): boolean {
  if (repositoryFault(name) !== undefined) {
    return false;
  }
  const { registry, path } = parseRepository(name);
  return `${registry}/${path}` === name;
}

function isOptional<Value>(
  value: unknown,
  isValue: (value: unknown) => value is Value,
): value is Value | undefined {
  return value === undefined || isValue(value);
}
