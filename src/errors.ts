// UserError: an error that may be shown to a user, with hint, code, facts and cause. Every other error is a bug.

/** Options of a {@link UserError}: what a surface needs to add its hint, and the cause. */
export interface UserErrorOptions {
  /** The next step for the user. */
  hint?: string | undefined;
  /** The name of the failure, such as `REPOSITORY_EMPTY`: the surface in use finds its hint by it. */
  code?: string | undefined;
  /** What a hint for the `code` may name. No secrets. */
  facts?: ErrorFacts | undefined;
  cause?: unknown;
}

/** The details of a failure by name, for example `{ suggestion: 'registry.example.com/team/app' }`. */
export type ErrorFacts = Readonly<Record<string, string>>;

/**
 * An error whose message may be shown to a user: what was attempted, on what, and what the server said.
 * The message holds only its own level; {@link errorText} adds the causes. Never put a secret in it.
 */
export class UserError extends Error {
  override readonly name: string = 'UserError';
  readonly hint: string | undefined;
  readonly code: string | undefined;
  readonly facts: ErrorFacts;

  constructor(message: string, options: UserErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.hint = options.hint;
    this.code = options.code;
    this.facts = options.facts ?? {};
  }
}

/** Every error from the outermost to the innermost cause. Aggregates count as one level. */
export function* causes(error: unknown): Generator<unknown> {
  const seen = new Set<unknown>();
  for (let current = error; current !== undefined && !seen.has(current); ) {
    seen.add(current);
    yield current;
    current = current instanceof Error ? current.cause : undefined;
  }
}

/** The `code` of an error of the runtime or of a {@link UserError}, such as `ECONNRESET`; empty when it has none. */
export function errorCode(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : '';
}

/** The text of an error and its causes, outermost first, joined with `: ` as Go wraps errors. Empty messages are left out. */
export function errorText(error: unknown): string {
  const parts: string[] = [];
  for (const level of causes(error)) {
    parts.push(levelText(level));
  }
  return parts.filter((part) => part !== '').join(': ');
}

/** Node reports a host none of whose addresses answers by an aggregate with an empty message. */
function levelText(level: unknown): string {
  if (level instanceof AggregateError && level.message === '') {
    return level.errors.map(errorText).join('; ');
  }
  return level instanceof Error ? level.message : String(level);
}

/** The hint nearest to the user: the first one from the outside in, if any error in the chain has one. */
export function errorHint(error: unknown): string | undefined {
  for (const level of causes(error)) {
    if (level instanceof UserError && level.hint !== undefined) {
      return level.hint;
    }
  }
  return undefined;
}

/** What the system said, without what Node adds: "no such file or directory" of `ENOENT: no such file or directory, open 'a'`. */
export function systemReason(error: unknown): string {
  const text = errorText(error);
  return /^E[A-Z0-9]+: ([^,]+)/.exec(text)?.[1] ?? text;
}
