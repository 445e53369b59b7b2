// Which machine an image is for, and which entry of an index suits one. OCI image index, "platform".
import { UserError } from '../errors.ts';
import { type JsonObject, member } from './json.ts';

/** Go's names of an operating system and a processor, with the finer points that an index may state. */
export interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string;
  readonly osVersion?: string;
  readonly osFeatures?: readonly string[];
  readonly features?: readonly string[];
}

/** The properties by which an image is chosen; an empty `os` or `architecture` means the host's. */
export interface WantedPlatform {
  readonly os: string;
  readonly architecture: string;
  /** Narrows the architecture; without it the first entry of the architecture suits, whatever its variant. */
  readonly variant?: string;
}

/** What an entry without a platform is for, as go-containerregistry has it. */
const linuxAmd64: Platform = { os: 'linux', architecture: 'amd64' };

const usualVariants: Readonly<Record<string, string>> = { arm64: 'v8', arm: 'v7', amd64: 'v1' };

const goArchitectures: Readonly<Record<string, string>> = {
  x64: 'amd64',
  ia32: '386',
  ppc64: 'ppc64le',
};

/** Go's name of the platform that Node calls by `process.platform` and `process.arch`. */
export function hostPlatform(platform: string, arch: string): WantedPlatform {
  return {
    os: platform === 'win32' ? 'windows' : platform,
    architecture: goArchitectures[arch] ?? arch,
  };
}

/** The platform that a parsed JSON object describes; members of the wrong type are left out. */
export function parsePlatform(value: JsonObject): Platform {
  const text = (name: string) => {
    const found = member(value, name);
    return typeof found === 'string' && found !== '' ? found : undefined;
  };
  const list = (name: string) => {
    const found = member(value, name);
    return Array.isArray(found) ? found.filter((item) => typeof item === 'string') : undefined;
  };
  const variant = text('variant');
  const osVersion = text('os.version');
  const osFeatures = list('os.features');
  const features = list('features');
  return {
    os: text('os') ?? '',
    architecture: text('architecture') ?? '',
    ...(variant ? { variant } : {}),
    ...(osVersion ? { osVersion } : {}),
    ...(osFeatures ? { osFeatures } : {}),
    ...(features ? { features } : {}),
  };
}

/**
 * A platform as people write it: the variant in a property of its own or behind the architecture (`arm64/v8`), with
 * or without its `v`. Throws a UserError when the two name different variants.
 */
export function readWantedPlatform(
  os: string,
  architectureText: string,
  variantText: string,
): WantedPlatform {
  const slash = architectureText.indexOf('/');
  const architecture = slash < 0 ? architectureText : architectureText.slice(0, slash);
  const behind = slash < 0 ? '' : variantName(architectureText.slice(slash + 1));
  const named = variantName(variantText);
  if (behind !== '' && named !== '' && behind !== named) {
    throw new UserError('platform.architecture and platform.variant name different variants', {
      hint: 'write the variant in one place only: architecture "arm" and variant "v7", or architecture "arm/v7"',
    });
  }
  const variant = named || behind;
  return { os, architecture, ...(variant === '' ? {} : { variant }) };
}

/** `linux/arm64` or `linux/arm64/v8`, as people write a platform. */
export function formatPlatform(platform: WantedPlatform): string {
  const base = `${platform.os}/${platform.architecture}`;
  return platform.variant ? `${base}/${platform.variant}` : base;
}

/**
 * The platform to choose from an index. A platform in `params` replaces that of `source` as a whole; an os or
 * architecture left empty is the host's; a variant counts only where one is configured.
 */
export function effectivePlatform(
  source: WantedPlatform | undefined,
  params: WantedPlatform | undefined,
  host: WantedPlatform,
): WantedPlatform {
  const configured = params ?? source;
  return {
    os: configured?.os || host.os,
    architecture: configured?.architecture || host.architecture,
    ...(configured?.variant ? { variant: configured.variant } : {}),
  };
}

/**
 * Whether an index entry suits: both names exactly equal, and the variant too where one is wanted. An entry that
 * states no platform is linux/amd64; one that states no variant has the usual one of its architecture, if there is
 * one (containerd's normalisation: arm64 is v8, arm v7, amd64 v1), else none.
 */
export function platformMatches(entry: Platform | undefined, wanted: WantedPlatform): boolean {
  const { os, architecture, variant } = entry ?? linuxAmd64;
  if (os !== wanted.os || architecture !== wanted.architecture) {
    return false;
  }
  const found = variant === undefined ? usualVariants[architecture] : variantName(variant);
  return wanted.variant === undefined || found === wanted.variant;
}

/** The platforms that entries state, each once and in order; what is no machine's (`unknown/unknown`) is left out. */
export function offeredPlatforms(entries: readonly { readonly platform?: Platform }[]): string[] {
  const names = entries.map((entry) => formatPlatform(entry.platform ?? linuxAmd64));
  return [...new Set(names)].filter((name) => name !== 'unknown/unknown');
}

/** `v8` for `v8`, `V8` and `8`. */
function variantName(text: string): string {
  const lower = text.toLowerCase();
  return /^\d/.test(lower) ? `v${lower}` : lower;
}
