// When the native executable compiles code: as late as possible in a short command, as usual in a long one.

interface Runtime {
  /** Of the native executable. Node has no such call. */
  readonly Bun?: { readonly unsafe: { setJITPolicy(scale: number): void } };
}

/** A check of a tag and a copy within a registry end within so many milliseconds: compiled code does not pay for them. */
const shortCommand = 250;

/**
 * Compiles code as usual when the command runs for some time. The native executable starts with compiling it thirty times as
 * late: most code of a short command runs once. Does not keep the process alive.
 */
export function compileWhenLong(): void {
  setTimeout(compileAsUsual, shortCommand).unref();
}

/** Compiles code as usual from now on: before much is computed without waiting for anything. */
export function compileAsUsual(): void {
  const { Bun } = globalThis as typeof globalThis & Runtime;
  Bun?.unsafe.setJITPolicy(1);
}
