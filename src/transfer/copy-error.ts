// The error of a copy: the side that failed, source or destination, and the step.
import { causes, UserError } from '../errors.ts';

/** The side of a copy that content is read from, or written to. */
export type CopySide = 'source' | 'destination';

/** A copy that failed on one side, at a step such as `reading layer sha256:…`. */
export class CopyError extends UserError {
  override readonly name: string = 'CopyError';
  readonly side: CopySide;

  constructor(side: CopySide, step: string, cause: unknown) {
    super(step, { cause });
    this.side = side;
  }
}

/** Runs one step on one side. Its failure is thrown as a {@link CopyError}, unless it is one already. */
export async function atSide<Result>(
  side: CopySide,
  step: string,
  action: () => Promise<Result>,
): Promise<Result> {
  try {
    return await action();
  } catch (error) {
    throw [...causes(error)].some((level) => level instanceof CopyError)
      ? error
      : new CopyError(side, step, error);
  }
}
