// Extended attributes of unpacked files, file capabilities among them: which are set, and one warning for those that are not.
import type { Log } from '../log.ts';
import { type ByteString, quoteName } from '../tar/byte-string.ts';
import type { TarEntry } from '../tar/tar-entry.ts';
import { loadSystemCalls, type SetAttribute } from './system-calls.ts';

/**
 * Whether an attribute is part of the image. All others belong to the machine that built it: labels of its security
 * modules, marks of its overlay file system.
 */
export function isRestored(name: string): boolean {
  return name === 'security.capability' || name.startsWith('user.');
}

/** Sets the extended attributes of the entries of an image, as far as the system allows it. */
export class ExtendedAttributes {
  readonly #load: () => SetAttribute | undefined;
  #set: { readonly attribute: SetAttribute | undefined } | undefined;
  #missing = 0;
  #example = '';

  /** `load` returns the system's call when the first attribute is to be set. */
  constructor(load: () => SetAttribute | undefined = () => loadSystemCalls()?.setAttribute) {
    this.#load = load;
  }

  /** Sets the attributes of an entry on its open file or on its directory. */
  apply(target: number | ByteString, entry: TarEntry): void {
    for (const [name, value] of entry.extendedAttributes ?? []) {
      if (isRestored(name)) {
        this.#set ??= { attribute: this.#load() };
        if (!this.#set.attribute?.(target, name, value)) {
          this.#missing += 1;
          this.#example ||= `${quoteName(name)} of ${quoteName(entry.name)}`;
        }
      }
    }
  }

  /** Logs one warning when attributes could not be set. */
  report(log: Log): void {
    if (this.#missing > 0) {
      const reason = this.#set?.attribute ? 'the system refused it' : 'this runtime has no call for it';
      log.warn(`${this.#missing} extended attribute(s) are not set, for example ${this.#example}: ${reason}`);
    }
  }
}
