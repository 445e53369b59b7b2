// Platforms: operating system, architecture and variant of an image, and which entry of an index matches one.
import { UserError } from '../errors.ts';
import { type JsonObject, member } from './json.ts';

/** The platform in an index entry: names as in Go's GOOS and GOARCH (OCI "Image Index", `platform`). */
export interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string;
  readonly osVersion?: string;
  readonly osFeatures?: readonly string[];
  readonly features?: readonly string[];
}

/** The platform to choose from an index; an empty `os` or `architecture` stands for that of the host. */
export interface WantedPlatform {
  readonly os: string;
  readonly architecture: string;
  /** Without a variant the first entry of the architecture matches, whatever its variant. */
  readonly variant?: string;
}

/** The platform of an entry that states none, as in go-containerregistry. */
const linuxAmd64: Platform = { os: 'linux', architecture: 'amd64' };

const defaultVariants: Readonly<Record<string, string>> = { arm64: 'v8', arm: 'v7', amd64: 'v1' };

const goArchitectures: Readonly<Record<string, string>> = {
  x64: 'amd64',
  ia32: '386',
  ppc64: 'ppc64le',
};

/** The platform of the host in Go's names, from Node's `process.platform` and `process.arch`. */
export function hostPlatform(platform: string, arch: string): WantedPlatform {
  return {
    os: platform === 'win32' ? 'windows' : platform,
    architecture: goArchitectures[arch] ?? arch,
  };
}

/** The platform in a parsed JSON object; members of the wrong type are ignored. */
export function parsePlatform(value: JsonObject): Platform {
  const string = (name: string) => {
    const found = member(value, name);
    return typeof found === 'string' && found !== '' ? found : undefined;
  };
  const list = (name: string) => {
    const found = member(value, name);
    return Array.isArray(found) ? found.filter((item) => typeof item === 'string') : undefined;
  };
  const variant = string('variant');
  const osVersion = string('os.version');
  const osFeatures = list('os.features');
  const features = list('features');
  return {
    os: string('os') ?? '',
    architecture: string('architecture') ?? '',
    ...(variant ? { variant } : {}),
    ...(osVersion ? { osVersion } : {}),
    ...(osFeatures ? { osFeatures } : {}),
    ...(features ? { features } : {}),
  };
}

/**
 * A platform as users write it: the variant in a field of its own or after the architecture (`arm64/v8`), with or
 * without its `v`. Throws a UserError when the two name different variants.
 */
export function readWantedPlatform(
  os: string,
  fullArchitecture: string,
  variantField: string,
): WantedPlatform {
  const slash = fullArchitecture.indexOf('/');
  const architecture = slash < 0 ? fullArchitecture : fullArchitecture.slice(0, slash);
  const suffix = slash < 0 ? '' : variantName(fullArchitecture.slice(slash + 1));
  const named = variantName(variantField);
  if (suffix !== '' && named !== '' && suffix !== named) {
    throw new UserError('platform.architecture and platform.variant name different variants', {
      hint: 'write the variant in one place only: architecture "arm" and variant "v7", or architecture "arm/v7"',
    });
  }
  const variant = named || suffix;
  return { os, architecture, ...(variant === '' ? {} : { variant }) };
}

/** A platform in the form `linux/arm64` or `linux/arm64/v8`. */
export function formatPlatform(platform: WantedPlatform): string {
  const base = `${platform.os}/${platform.architecture}`;
  return platform.variant ? `${base}/${platform.variant}` : base;
}

/**
 * The platform to choose from an index. An `override` replaces the `configured` platform as a whole. An empty os or
 * architecture becomes that of the host, a variant does not.
 */
export function effectivePlatform(
  configured: WantedPlatform | undefined,
  override: WantedPlatform | undefined,
  host: WantedPlatform,
): WantedPlatform {
  const chosen = override ?? configured;
  return {
    os: chosen?.os || host.os,
    architecture: chosen?.architecture || host.architecture,
    ...(chosen?.variant ? { variant: chosen.variant } : {}),
  };
}

/**
 * Whether an index entry matches: equal os and architecture, and an equal variant where one is wanted. An entry without
 * a platform is linux/amd64; one without a variant has the default variant of its architecture (as in containerd's
 * normalisation: v8 for arm64, v7 for arm, v1 for amd64).
 */
export function platformMatches(entry: Platform | undefined, wanted: WantedPlatform): boolean {
  const { os, architecture, variant } = entry ?? linuxAmd64;
  if (os !== wanted.os || architecture !== wanted.architecture) {
    return false;
  }
  const found = variant === undefined ? defaultVariants[architecture] : variantName(variant);
  return wanted.variant === undefined || found === wanted.variant;
}

/** The platforms of index entries, each once and in order, without `unknown/unknown`, which marks attestations. */
export function offeredPlatforms(entries: readonly { readonly platform?: Platform | undefined }[]): string[] {
  const names = entries.map((entry) => formatPlatform(entry.platform ?? linuxAmd64));
  return [...new Set(names)].filter((name) => name !== 'unknown/unknown');
}

/** `v8` for `v8`, `V8` and `8`. */
function variantName(variant: string): string {
  const lower = variant.toLowerCase();
  return /^\d/.test(lower) ? `v${lower}` : lower;
}
