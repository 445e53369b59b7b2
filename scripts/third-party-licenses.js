// Collects the licence texts of the packages in the bundle, for the container image.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const licenseFile = /^(?:licen[cs]e|copying|notice)/i;
const line = '-'.repeat(80);

/**
 * The licences of all packages in the outputs of esbuild, each text once with the packages that it is for, and a notice
 * about Bun, which the native executable contains.
 *
 * @param {string} root The root of the repository.
 * @param {readonly import('esbuild').Metafile[]} metafiles What the builds consist of.
 */
export function thirdPartyLicenses(root, metafiles) {
  /** Text → names of packages. */
  const texts = new Map();
  for (const directory of [...packagesOf(metafiles)].sort()) {
    const path = join(root, directory);
    const { name, version, license } = JSON.parse(readFileSync(join(path, 'package.json'), 'utf8'));
    if (!license) {
      throw new Error(`${name} has no licence`);
    }
    const files = readdirSync(path).filter((file) => licenseFile.test(file));
    const own = files.map((file) => readFileSync(join(path, file), 'utf8').trim());
    const text = own.join(`\n\n${line}\n\n`) || `Licence: ${license}. The package has no licence file.`;
    texts.set(text, [...(texts.get(text) ?? []), `${name} ${version} (${license})`]);
  }
  const sections = [...texts].map(([text, names]) => `${names.join('\n')}\n\n${text}`);
  return `${[introduction, bunNotice(root), ...sections].join(`\n\n${'='.repeat(80)}\n\n`)}\n`;
}

const introduction = `registry-image-resource contains the following software of others. Texts of common licences (Apache-2.0, GPL, LGPL)
are in /usr/share/common-licenses of the image.`;

function bunNotice(root) {
  const { optionalDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const version = optionalDependencies['@oven/bun-linux-x64'];
  return `bun ${version} (MIT)

The native executable contains the runtime Bun, https://github.com/oven-sh/bun, under the MIT licence. Bun links other
libraries statically, among them JavaScriptCore of WebKit under the LGPL 2. They are listed with their licences at
https://github.com/oven-sh/bun/blob/bun-v${version}/LICENSE.md, with the sources of JavaScriptCore and how to link Bun
with a changed version of it.`;
}

/** The directories of the packages, from the root of the repository. */
function packagesOf(metafiles) {
  const found = new Set();
  for (const { outputs } of metafiles) {
    for (const { inputs } of Object.values(outputs)) {
      for (const [path, { bytesInOutput }] of Object.entries(inputs)) {
        const directory = /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0];
        if (directory !== undefined && bytesInOutput > 0) {
          found.add(directory);
        }
      }
    }
  }
  return found;
}
