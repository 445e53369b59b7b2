// Writes snapshots as YAML, CSV and JSON.
import type { Snapshot, SnapshotImage } from './snapshot.ts';

/** What a snapshot can be written as. */
export type SnapshotFormat = 'yaml' | 'csv' | 'json';

/** All formats, for arguments. */
export const snapshotFormats: readonly SnapshotFormat[] = ['yaml', 'csv', 'json'];

/**
 * The snapshot in a format, in parts that follow each other. YAML is a list of images as in a thin manifest; so is JSON,
 * which YAML includes. CSV has a line for each tag, `name@digest,name:tag`, or `name@digest,-` for a digest without one.
 */
export function* formatSnapshot(snapshot: Snapshot, format: SnapshotFormat): Generator<string> {
  switch (format) {
    case 'yaml':
      yield* snapshot.length === 0 ? ['[]\n'] : snapshot.map(imageYaml);
      break;
    case 'csv':
      yield* snapshot.map(imageCsv);
      break;
    case 'json':
      yield* ['[', ...snapshot.map(imageJson), snapshot.length === 0 ? ']\n' : '\n]\n'];
  }
}

function imageYaml({ name, digests }: SnapshotImage): string {
  const lines = digests.map(({ digest, tags }) => `    "${digest}": [${tags.map(quoted).join(', ')}]\n`);
  return `- name: ${isPlain(name) ? name : quoted(name)}\n  dmap:\n${lines.join('')}`;
}

function imageCsv({ name, digests }: SnapshotImage): string {
  return digests
    .flatMap(({ digest, tags }) => {
      const places = tags.length === 0 ? ['-'] : tags.map((tag) => `${name}:${tag}`);
      return places.map((place) => `${name}@${digest},${place}\n`);
    })
    .join('');
}

function imageJson({ name, digests }: SnapshotImage, index: number): string {
  const dmap = Object.fromEntries(digests.map(({ digest, tags }) => [digest, tags]));
  return `${index === 0 ? '\n' : ',\n'}${JSON.stringify({ name, dmap })}`;
}

function quoted(text: string): string {
  return JSON.stringify(text);
}

/** Whether every reader of YAML takes the name for a string when it is not quoted. */
function isPlain(name: string): boolean {
  const isWord = /^[a-z0-9_][a-z0-9_./-]*$/.test(name);
  const isNumber = /^([\d._-]+|[\d._]+e[\d-]+|0[xo][\da-f_]+)$/.test(name);
  return isWord && !isNumber && !/^(null|true|false|yes|no|on|off|y|n)$/.test(name);
}
