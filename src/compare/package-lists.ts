// The packages that an image lists in plain files: those of dpkg, apk, and rpm where it writes a plain list.

const dpkgStatus = /^var\/lib\/dpkg\/(?:status|status\.d\/[^/]+)$/;
const apkInstalled = /^(?:usr\/)?lib\/apk\/db\/installed$/;
/** Azure Linux writes its list beside a removed database. The databases of rpm are no plain files. */
const rpmManifest = /^var\/lib\/rpmmanifest\/container-manifest-2$/;

/** Whether a path is a list of packages. `status.d/*.md5sums` of distroless images lists files, not packages. */
export function isPackageList(path: string): boolean {
  return (
    (dpkgStatus.test(path) && !path.endsWith('.md5sums')) || apkInstalled.test(path) || rpmManifest.test(path)
  );
}

/** The versions of packages by name, with the architecture where the list has it: `libc6:amd64`. */
export function packageVersions(lists: ReadonlyMap<string, Buffer>): ReadonlyMap<string, string> {
  const versions = new Map<string, Set<string>>();
  for (const [path, bytes] of lists) {
    const text = bytes.toString('utf8');
    const found = dpkgStatus.test(path)
      ? dpkgPackages(text)
      : apkInstalled.test(path)
        ? apkPackages(text)
        : rpmPackages(text);
    for (const [name, version] of found) {
      versions.set(name, (versions.get(name) ?? new Set()).add(version));
    }
  }
  // The order in which a list has several versions of a package, such as kernels, says nothing.
  return new Map([...versions].map(([name, found]) => [name, [...found].sort().join(', ')]));
}

type NamedVersions = [name: string, version: string][];

function dpkgPackages(text: string): NamedVersions {
  return stanzas(text, /^(Package|Version|Architecture|Status): *(.*)$/).flatMap((fields): NamedVersions => {
    const { Package: name, Version: version, Architecture: architecture, Status: status } = fields;
    // A package that was removed without its configuration stays listed.
    const isInstalled = status === undefined || / installed$/.test(status);
    return name && version && isInstalled ? [[architecture ? `${name}:${architecture}` : name, version]] : [];
  });
}

function apkPackages(text: string): NamedVersions {
  return stanzas(text, /^([PVA]):(.*)$/).flatMap(
    ({ P: name, V: version, A: architecture }): NamedVersions =>
      name && version ? [[architecture ? `${name}:${architecture}` : name, version]] : [],
  );
}

/** Lines of tab-separated fields: the name, the version with its release, …, the architecture as the eighth. */
function rpmPackages(text: string): NamedVersions {
  return text.split('\n').flatMap((line): NamedVersions => {
    const [name, version] = line.split('\t');
    const architecture = line.split('\t')[7];
    return name && version ? [[architecture ? `${name}:${architecture}` : name, version]] : [];
  });
}

/** The fields of each paragraph of a text. */
function stanzas(text: string, field: RegExp): Record<string, string>[] {
  return text.split(/\n{2,}/).map((paragraph) => {
    const fields: Record<string, string> = {};
    for (const line of paragraph.split('\n')) {
      const [, name, value] = field.exec(line) ?? [];
      if (name !== undefined && value !== undefined) {
        fields[name] = value.trim();
      }
    }
    return fields;
  });
}
