// The grammar of tags (OCI distribution specification, "Pulling manifests"), checked before a tag is sent to a registry.
import { UserError } from '../errors.ts';
import { quote } from './quote.ts';

const grammar = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;
const maximumLength = 128;
/** How much of a tag an error quotes when it is too long. */
const quotedLength = 40;

/** Whether a registry can have the tag. */
export function isTag(tag: string): boolean {
  return grammar.test(tag);
}

/**
 * Throws a UserError for a tag that no registry can have; `origin` is the key that it comes from. Upstream leaves this to
 * the registry. But a tag is a part of the path of requests: one with a slash may lead to another repository.
 */
export function checkTag(tag: string, origin: string): void {
  if (isTag(tag)) {
    return;
  }
  if (/^[\w+.-]+:[0-9a-f]{32,}$/.test(tag)) {
    throw new UserError(`${origin}: no registry can have the tag ${quote(tag)}: it is a digest`, {
      code: 'TAG_IS_DIGEST',
    });
  }
  if (tag.length > maximumLength) {
    const start = quote(`${tag.slice(0, quotedLength)}…`);
    throw new UserError(`${origin}: the tag ${start} has ${tag.length} characters`, {
      hint: `a tag has at most ${maximumLength} characters`,
    });
  }
  throw new UserError(`${origin}: no registry can have the tag ${quote(tag)}`, { hint: tagHint(tag) });
}

const consistsOf = 'a tag consists of letters, digits, "_", "." and "-", and does not begin with "." or "-"';

function tagHint(tag: string): string {
  if (tag !== tag.trim() && isTag(tag.trim())) {
    return `${consistsOf}: remove the white space around it`;
  }
  if (/^\d[^+]*\+/.test(tag)) {
    const underscored = tag.replace('+', '_');
    const instead = isTag(underscored) ? `, or push the tag ${underscored} instead` : '';
    return `a tag cannot have build metadata: leave out the "+" and what follows it${instead}`;
  }
  return /[/:@]/.test(tag) ? `${consistsOf}: leave out registry and repository` : consistsOf;
}
