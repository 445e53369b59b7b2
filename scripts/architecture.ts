// The processor architectures that executables and images are built for, by their names in Node, Bun and images.

/** One architecture. */
export interface Architecture {
  readonly node: string;
  readonly bun: string;
  readonly image: string;
}

const architectures: readonly Architecture[] = [
  { node: 'x64', bun: 'x64', image: 'amd64' },
  { node: 'arm64', bun: 'aarch64', image: 'arm64' },
];

/** The architecture with this name; by default that of this machine. Throws for an unknown name. */
export function architectureNamed(name: string = process.arch): Architecture {
  const found = architectures.find((architecture) => Object.values(architecture).includes(name));
  if (found === undefined) {
    throw new Error(`the architecture must be amd64 (x64) or arm64, not ${JSON.stringify(name)}`);
  }
  return found;
}
