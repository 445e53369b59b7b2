// Which side of a copy failed, and at what.
import { causes, UserError } from '../errors.ts';

/** The place that content is copied from, or the one that it is copied to. */
export type CopySide = 'source' | 'destination';

/** A copy that failed at one of its sides; `attempt` is what was done there, for example `reading layer sha256:…`. */
export class CopyError extends UserError {
  override readonly name: string = 'CopyError';
  readonly side: CopySide;

  constructor(side: CopySide, attempt: string, cause: unknown) {
    super(attempt, { cause });
    this.side = side;
  }
}

/** The result of an action at one side. A failure becomes a {@link CopyError}, unless it is one already. */
export async function atSide<Result>(
  side: CopySide,
  attempt: string,
  action: () => Promise<Result>,
): Promise<Result> {
  try {
    return await action();
  } catch (error) {
    throw [...causes(error)].some((level) => level instanceof CopyError)
      ? error
      : new CopyError(side, attempt, error);
  }
}
