// What is done to everything before it is written to standard error: redaction, a bound on each line, no colours if unwanted.

/** How the output is to be shown. */
export interface ErrorOutputOptions {
  readonly environment: Readonly<Record<string, string | undefined>>;
  redact(text: string): string;
  write(text: string): void;
}

/** More of a single text is never shown. Cut before the redaction, so that this takes no longer; far from what is shown. */
const maximumText = 512 * 1024;
/** A longer line is shown with its middle left out: what was attempted comes first, what went wrong last. */
const maximumLine = 10_000;
const shownEnd = 3_000;

/** A function that writes text to standard error, whole lines each time. */
export function createErrorOutput({
  environment,
  redact,
  write,
}: ErrorOutputOptions): (text: string) => void {
  const colours = showsColours(environment);
  return (text) => {
    const lines = redact(withoutMiddle(text, maximumText, maximumText / 2)).split('\n');
    const shown = lines.map((line) => withoutMiddle(line, maximumLine, shownEnd)).join('\n');
    write(colours ? shown : shown.replace(/\x1b\[\d*m/g, ''));
  };
}

/** Whether colours are wanted: not with NO_COLOR (no-color.org), and not on a terminal that is `dumb`. */
function showsColours({ NO_COLOR, TERM }: ErrorOutputOptions['environment']): boolean {
  return !NO_COLOR && TERM !== 'dumb';
}

function withoutMiddle(text: string, maximum: number, end: number): string {
  if (text.length <= maximum) {
    return text;
  }
  const left = text.length - maximum;
  return `${text.slice(0, maximum - end)} ... (${left} characters left out) ... ${text.slice(-end)}`;
}
