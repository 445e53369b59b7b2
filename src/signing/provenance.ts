// Who has built an image and from which source, as SLSA provenance claims it (slsa.dev/spec, "Build: Provenance").
import { isJsonObject, type JsonObject } from '../oci/json.ts';

/** What a provenance claims; undefined where it does not say. */
export interface Provenance {
  readonly builder: string | undefined;
  readonly source: string | undefined;
}

/**
 * The claims of a predicate, of version 1 or before. In version 1 the source is a parameter that the kind of build names in its
 * own way: those of GitHub Actions, BuildKit and Google Cloud Build are known. What a build has merely used is no source.
 */
export function provenanceOf(predicate: unknown): Provenance {
  const { builder, invocation, runDetails, buildDefinition } = objectIn(predicate);
  if (buildDefinition === undefined) {
    return {
      builder: textIn(objectIn(builder).id),
      source: textIn(objectIn(objectIn(invocation).configSource).uri),
    };
  }
  const parameters = objectIn(objectIn(buildDefinition).externalParameters);
  return {
    builder: textIn(objectIn(objectIn(runDetails).builder).id),
    source:
      textIn(objectIn(parameters.workflow).repository) ??
      textIn(parameters.source) ??
      textIn(objectIn(parameters.source).uri) ??
      textIn(objectIn(parameters.configSource).uri) ??
      textIn(objectIn(parameters.sourceToBuild).repository),
  };
}

function objectIn(value: unknown): JsonObject {
  return isJsonObject(value) ? value : {};
}

function textIn(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
