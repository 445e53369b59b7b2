// Log lines and levels on stderr, formatted as by logrus with forced colours, which upstream uses.

/** Levels in order of severity; `debug` lines are written only when the request asks for them. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** Values printed after the message as `key=value`. */
export type LogFields = Readonly<Record<string, string | number | boolean>>;

/** The log of a command. Callers must not pass secrets. */
export interface Log {
  /** True when `debug` lines are written. */
  readonly debugging: boolean;
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A line of the transfer itself (`pushed blob: …`), with the date first, as Go's standard logger writes it. */
  progress(message: string): void;
  /** Writes a string as it is, and a line feed. What others wrote must be made {@link printable} before. */
  plain(text: string): void;
}

/** What a {@link createLog} writes to and reads the time from. `startedAt` and `now()` are milliseconds. */
export interface LogSurroundings {
  write(text: string): void;
  now(): number;
  startedAt: number;
}

const looks: Record<LogLevel, { name: string; colour: number }> = {
  debug: { name: 'DEBU', colour: 37 },
  info: { name: 'INFO', colour: 36 },
  warn: { name: 'WARN', colour: 33 },
  error: { name: 'ERRO', colour: 31 },
};

const messageWidth = 44;

/** In quotes unless all characters are plain. */
function formatValue(value: string | number | boolean): string {
  const text = String(value);
  return /^[A-Za-z0-9\-._/@^+]*$/.test(text) ? text : printable(JSON.stringify(text));
}

const shortEscapes: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/**
 * The string with every character escaped that would control the terminal or forge a line of the log: control
 * characters, separators of lines, and marks that change the direction of what follows.
 */
export function printable(text: string): string {
  return text.replace(
    /[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g,
    (character) => shortEscapes[character] ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** One log line without its line feed; `elapsed` is in milliseconds since the start of the process. */
export function formatLogLine(
  level: LogLevel,
  elapsed: number,
  message: string,
  fields: LogFields = {},
): string {
  const { name, colour } = looks[level];
  const seconds = String(Math.max(0, Math.floor(elapsed / 1000))).padStart(4, '0');
  const shown = printable(message);
  const width = messageWidth + shown.length - [...shown].length;
  let line = `\x1b[${colour}m${name}\x1b[0m[${seconds}] ${shown.padEnd(width)} `;
  for (const key of Object.keys(fields).sort()) {
    line += ` \x1b[${colour}m${key}\x1b[0m=${formatValue(fields[key] ?? '')}`;
  }
  return line;
}

/** The date and time at the start of a progress line, local time: `2026/08/17 15:21:47`. */
export function formatProgressTime(milliseconds: number): string {
  const time = new Date(milliseconds);
  const two = (value: number) => String(value).padStart(2, '0');
  const date = `${time.getFullYear()}/${two(time.getMonth() + 1)}/${two(time.getDate())}`;
  return `${date} ${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`;
}

/** A log over the given surroundings; `debug` decides whether debug lines are written. */
export function createLog(surroundings: LogSurroundings, debug: boolean): Log {
  const line = (level: LogLevel) => (message: string, fields?: LogFields) => {
    if (level !== 'debug' || debug) {
      const elapsed = surroundings.now() - surroundings.startedAt;
      surroundings.write(`${formatLogLine(level, elapsed, message, fields)}\n`);
    }
  };
  return {
    debugging: debug,
    debug: line('debug'),
    info: line('info'),
    warn: line('warn'),
    error: line('error'),
    progress: (message) =>
      surroundings.write(`${formatProgressTime(surroundings.now())} ${printable(message)}\n`),
    plain: (text) => surroundings.write(`${text}\n`),
  };
}
