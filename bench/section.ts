// Replaces a section of a Markdown document, so that a run writes its results itself.
import { readFile, writeFile } from 'node:fs/promises';

/** The document with the section under `## heading` replaced, or added at the end. */
export function replaceSection(document: string, heading: string, body: string): string {
  const title = `## ${heading}\n`;
  const section = `${title}\n${body.trim()}\n`;
  const start = document.startsWith(title) ? 0 : document.indexOf(`\n${title}`) + 1;
  if (start === 0 && !document.startsWith(title)) {
    return `${document.trimEnd()}\n\n${section}`;
  }
  const end = document.indexOf('\n## ', start + title.length);
  return document.slice(0, start) + section + (end < 0 ? '' : document.slice(end));
}

/** Replaces a section of a file. Rejects when there is no such file. */
export async function writeSection(path: string, heading: string, body: string): Promise<void> {
  await writeFile(path, replaceSection(await readFile(path, 'utf8'), heading, body));
}
