// `npm run build`: bundles check, in and out to one file in dist, registry-image to another, and each library that is
// imported on demand to a file of its own: commands do not load what they do not need. Bun compiles all of them into the
// native executable.
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
  alias: { undici: './scripts/undici.js', open: './scripts/no-browser.js' },
  // Leaves out undici's experimental second HTTP/1 parser, as the build of Node itself does.
  define: { esbuildDetection: 'true' },
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

/** registry-image has a file of its own, because a check would have to read all of its code before it begins. */
const commandLine = { entryPoint: 'src/cli/program.ts', file: 'registry-image.cjs' };

/** Replaces registry-image in the other commands by an import of its file. */
const commandLineApart = {
  name: 'command-line-apart',
  setup(program) {
    program.onResolve({ filter: /\/cli\/program\.ts$/ }, ({ kind }) =>
      kind === 'dynamic-import' ? { path: `./${commandLine.file}`, external: true } : undefined,
    );
  },
};

/** Leaves out what is never used of undici: HTTP/2, and its parser for a runtime without SIMD in WebAssembly. */
const smallUndici = {
  name: 'small-undici',
  setup(program) {
    program.onResolve({ filter: /\/client-h2\.js$/ }, () => ({
      path: join(root, 'scripts', 'no-http2.cjs'),
    }));
    program.onResolve({ filter: /\/llhttp-wasm\.js$/ }, ({ path, resolveDir }) => ({
      path: resolve(resolveDir, path.replace('llhttp-wasm', 'llhttp_simd-wasm')),
    }));
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

const program = await build({
  ...settings,
  entryPoints: ['src/main.ts'],
  outfile: join(folder, 'registry-image-resource.cjs'),
  plugins: [commandLineApart, librariesApart, smallUndici],
});
const commandLineProgram = await build({
  ...settings,
  entryPoints: [commandLine.entryPoint],
  outfile: join(folder, commandLine.file),
  plugins: [librariesApart, smallUndici],
});
const metafiles = [program.metafile, commandLineProgram.metafile];
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
