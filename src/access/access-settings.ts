// What access needs from its caller: settings that say how to reach, log in to and trust registries, and surroundings.
import type { LoginSettings } from '../credentials/login.ts';
import type { Clock } from '../transport/clock.ts';
import type { Environment } from '../transport/proxy.ts';
import type { MirrorSettings } from './mirror.ts';

/** A registry that is asked before another one, and the username and password for it; empty strings are unset. */
export interface MirrorLoginSettings extends MirrorSettings {
  readonly username: string;
  readonly password: string;
}

/** How one repository is reached; the `source` of a request satisfies it. */
export interface AccessSettings extends LoginSettings {
  /** Certificates in PEM that are trusted in addition to those of the system. */
  readonly caCerts: readonly string[];
  /** In the order in which they are asked. */
  readonly registryMirrors: readonly MirrorLoginSettings[];
}

/** What access uses of the process around it. */
export interface AccessSurroundings {
  readonly environment: Environment;
  readonly clock: Clock;
  /** Ends every request and every wait when it is aborted. */
  readonly signal: AbortSignal;
  /** Whether waits and time limits are those for users, or short ones for black-box tests. */
  readonly waits: 'real' | 'shrunk';
  /** A number at least 0 and below 1. */
  random(): number;
  /** A string of the user that must not appear in any output from now on. */
  addSecret(secret: string): void;
  /** The same for a token or signature that a server chose, which may be a part of any message. */
  addServerSecret(secret: string): void;
}
