// Which machine an image is for, and which entry of an index suits one. OCI image index, "platform".
import { type JsonObject, member } from './json-text.ts';

/** Go's names of an operating system and a processor, with the finer points that an index may state. */
export interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string;
  readonly osVersion?: string;
  readonly osFeatures?: readonly string[];
  readonly features?: readonly string[];
}

/** The two properties by which an image is chosen; empty ones mean the host's. */
export interface WantedPlatform {
  readonly os: string;
  readonly architecture: string;
}

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

/** `linux/arm64` or `linux/arm64/v8`, as people write a platform. */
export function platformText(platform: WantedPlatform & { readonly variant?: string }): string {
  const base = `${platform.os}/${platform.architecture}`;
  return platform.variant ? `${base}/${platform.variant}` : base;
}

/** Whether an index entry suits: both names exactly equal; an entry that states no platform is linux/amd64. */
export function platformMatches(entry: Platform | undefined, wanted: WantedPlatform): boolean {
  const { os, architecture } = entry ?? { os: 'linux', architecture: 'amd64' };
  return os === wanted.os && architecture === wanted.architecture;
}
