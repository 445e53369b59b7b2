// `npm run build`: bundles the programs to files in dist, and each library that is imported on demand to a file of its
// own: commands do not load what they do not need.
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { thirdPartyLicenses } from './third-party-licenses.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = join(root, 'dist');
const settings = {
  bundle: true,
  metafile: true,
  platform: 'node',
  format: 'cjs',
  target: 'node22.19',
  alias: {
    open: './scripts/no-browser.js',
    bowser: './scripts/no-browser.js',
    'web-streams-polyfill/dist/ponyfill.es2018.js': './scripts/no-browser.js',
  },
  absWorkingDir: root,
  logLevel: 'warning',
  logOverride: { 'empty-import-meta': 'error' },
};

/** File in dist/libraries → its entry point: a package, or a `-sdk.ts` file that imports parts of packages. */
const libraries = new Map();

/** Replaces a library in the program by an import of its file in dist/libraries. */
const librariesApart = {
  name: 'libraries-apart',
  setup(program) {
    program.onResolve({ filter: /^[^./]|-sdk\.ts$/ }, ({ path, kind, resolveDir }) => {
      if (kind !== 'dynamic-import' || path.startsWith('node:')) {
        return undefined;
      }
      const isFile = path.startsWith('.');
      const file = `${isFile ? basename(path, '.ts') : path.replace(/^@/, '').replaceAll('/', '-')}.cjs`;
      libraries.set(file, isFile ? resolve(resolveDir, path) : path);
      return { path: `./libraries/${file}`, external: true };
    });
  },
};

/**
 * The programs. registry-image has a file of its own, because a check on Node would have to read all of its code before it
 * begins. The native executable reads compiled code only when it runs: there, one file is as fast, and has no code twice.
 */
const commandLine = { entryPoint: 'src/cli/program.ts', file: 'registry-image.cjs', split: false };
const programs = [
  { entryPoint: 'src/main.ts', file: 'registry-image-resource.cjs', split: true },
  commandLine,
  { entryPoint: 'src/main.ts', file: 'native.cjs', split: false },
];

/** Replaces registry-image in the other commands by an import of its file. */
const commandLineApart = {
  name: 'command-line-apart',
  setup(program) {
    program.onResolve({ filter: /\/cli\/program\.ts$/ }, ({ kind }) =>
      kind === 'dynamic-import' ? { path: `./${commandLine.file}`, external: true } : undefined,
    );
  },
};

/** For libraries that read their own URL. */
const ownLocation = {
  banner: { js: "const ownUrl = require('node:url').pathToFileURL(__filename).href;" },
  define: { 'import.meta.url': 'ownUrl' },
};

const timedMetadata = {
  name: 'timed-metadata',
  setup(library) {
    library.onResolve({ filter: /^node:http$/ }, ({ importer }) =>
      importer.includes('credential-provider-imds')
        ? { path: join(root, 'scripts', 'timed-http.js') }
        : undefined,
    );
  },
};

const metafiles = [];
for (const { entryPoint, file, split } of programs) {
  const plugins = [...(split ? [commandLineApart] : []), librariesApart];
  // Node reads a bundle in less time the shorter it is. Names stay for stack traces.
  const short = { minifyWhitespace: true, minifySyntax: true };
  const options = { ...settings, ...short, entryPoints: [entryPoint], outfile: join(folder, file), plugins };
  metafiles.push((await build(options)).metafile);
}
for (const [file, entryPoint] of libraries) {
  const outfile = join(folder, 'libraries', file);
  const plugins = [timedMetadata];
  // Minified, because the image has to stay small and their stack traces are of no use.
  const options = { ...settings, ...ownLocation, minify: true, entryPoints: [entryPoint], outfile, plugins };
  metafiles.push((await build(options)).metafile);
}
for (const file of readdirSync(join(folder, 'libraries'))) {
  if (!libraries.has(file)) {
    rmSync(join(folder, 'libraries', file));
  }
}
writeFileSync(join(folder, 'third-party-licenses'), thirdPartyLicenses(root, metafiles));
