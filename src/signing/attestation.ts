// An attestation before it is signed: what is claimed of an image, in the form in which cosign claims it.
import { isDeepStrictEqual } from 'node:util';
import { UserError } from '../errors.ts';
import { maximumPredicateDepth } from '../limits.ts';
import { encodeJson, isJsonObject, isNestedDeeper, parseJson } from '../oci/json.ts';
import { type ImageStatement, signaturePredicate } from './image-statement.ts';
import { customPredicate, readPredicateType } from './predicate-type.ts';

/** What is claimed. */
export interface Attestation {
  /** The URI of what kind of claim it is. */
  readonly predicateType: string;
  /** The claim, a JSON document. Its text is kept: a number such as 1.10 would become another one. */
  readonly predicate: string;
}

/** The types whose predicate is text, and no JSON document. */
const textTypes: readonly string[] = ['spdx', 'custom', customPredicate];

/**
 * An attestation of a type, which is a short name or a URI, with the content of a file. As cosign does, `spdx` and `custom`
 * claim any text, the latter with the time (`now`, in milliseconds); all other types claim a JSON object. Throws a UserError
 * for an unknown type, and for other content; `where` is what stands before `type` and `predicate` in the names of settings.
 */
export function readAttestation(type: string, content: string, where: string, now: number): Attestation {
  const predicateType = readPredicateType(type, `${where}type`);
  if (predicateType === signaturePredicate) {
    throw new UserError(`${where}type is that of signatures, which say nothing more of an image`, {
      hint: 'to sign the image, leave attest out: registry-image sign, or sign of the params of a put',
    });
  }
  if (!textTypes.includes(type)) {
    const document = parseJson(content);
    if (isNestedDeeper(document, maximumPredicateDepth)) {
      throw new UserError(
        `${where}predicate has more than ${maximumPredicateDepth} objects and lists inside each other`,
      );
    }
    if (!isJsonObject(document)) {
      throw new UserError(`${where}predicate is not a JSON object, as the type ${type} requires`, {
        hint:
          predicateType === 'https://spdx.dev/Document'
            ? 'a document in the tag-value form of SPDX has the type spdx'
            : 'the file holds the predicate alone, not the statement around it; text has the type custom',
      });
    }
    return { predicateType, predicate: content.trim() };
  }
  const predicate =
    type === 'spdx'
      ? content
      : { Data: content, Timestamp: new Date(now).toISOString().replace(/\.\d+Z$/, 'Z') };
  return { predicateType, predicate: encodeJson(predicate) };
}

/** Whether a statement that was signed before claims the same. When a text was claimed does not count. */
export function claimsSame(
  statement: Pick<ImageStatement, 'predicateType' | 'predicate'>,
  { predicateType, predicate }: Attestation,
): boolean {
  return (
    statement.predicateType === predicateType &&
    !isNestedDeeper(statement.predicate, maximumPredicateDepth) &&
    isDeepStrictEqual(
      withoutTime(statement.predicate, predicateType),
      withoutTime(parseJson(predicate), predicateType),
    )
  );
}

function withoutTime(predicate: unknown, type: string): unknown {
  return type === customPredicate && isJsonObject(predicate) ? { ...predicate, Timestamp: '' } : predicate;
}
