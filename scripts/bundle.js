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
 * Replaces re2js, which takes longer to load than most checks to decide, by a module that loads its file in dist/libraries
 * when the first pattern is compiled. Compiling stays synchronous.
 */
const patternsApart = {
  name: 'patterns-apart',
  setup(program) {
    program.onResolve({ filter: /^re2js$/ }, ({ path }) => {
      libraries.set(`${path}.cjs`, path);
      return { path, namespace: 'on-first-use' };
    });
    program.onResolve({ filter: /^\.\/libraries\//, namespace: 'on-first-use' }, ({ path }) => ({
      path,
      external: true,
    }));
    program.onLoad({ filter: /./, namespace: 'on-first-use' }, async ({ path }) => ({
      contents: getters(Object.keys(await import(path)), `./libraries/${path}.cjs`),
    }));
  },
};

/**
 * Loads modules of the runtime that many runs do without when one of their names is used first: a check over http takes a sixth
 * less processor time on Node without `node:tls` and `node:crypto`.
 */
const builtinsOnFirstUse = {
  name: 'builtins-on-first-use',
  setup(program) {
    const modules = /^node:(child_process|crypto|fs\/promises|tls|v8|vm|worker_threads|zlib)$/;
    program.onResolve({ filter: modules }, ({ path, kind, importer }) =>
      kind === 'import-statement' && importer.startsWith(join(root, 'src'))
        ? { path, namespace: 'builtin-on-first-use' }
        : undefined,
    );
    program.onLoad({ filter: /./, namespace: 'builtin-on-first-use' }, async ({ path }) => ({
      contents: getters(Object.keys(await import(path)), path),
    }));
  },
};

/** A module whose names load another one. */
function getters(names, path) {
  const each = names.map((name) => `get ${name}() { return load().${name}; }`);
  return `const load = () => require('${path}'); module.exports = { ${each.join(', ')} };`;
}

/**
 * Gives commander the modules of the runtime as they are. The bundle would copy each of their properties by its descriptor,
 * for which Bun opens standard input and loads what nobody asks for.
 */
const builtinsUncopied = {
  name: 'builtins-uncopied',
  setup(program) {
    program.onResolve({ filter: /^node:(child_process|fs|path|process)$/ }, ({ path, importer }) =>
      importer.endsWith('/commander/lib/command.js') ? { path, namespace: 'uncopied' } : undefined,
    );
    program.onLoad({ filter: /./, namespace: 'uncopied' }, ({ path }) => ({
      contents: `export default require('${path}');`,
    }));
  },
};

/** The YAML library prints every token on standard output, amid the answer, when the environment has a variable of a common name. */
const yamlWithoutEnvironment = {
  name: 'yaml-without-environment',
  setup(library) {
    library.onResolve({ filter: /^process$/ }, ({ path, importer }) =>
      importer.includes('/node_modules/yaml/') ? { path, namespace: 'without-environment' } : undefined,
    );
    library.onLoad({ filter: /./, namespace: 'without-environment' }, () => ({
      contents: "exports.env = {}; exports.emitWarning = require('node:process').emitWarning;",
    }));
  },
};

/** Each program's file in dist → its entry point. */
const programs = new Map();

/** Replaces the programs in the executable by imports of their files. */
const programsApart = {
  name: 'programs-apart',
  setup(executable) {
    executable.onResolve({ filter: /\/program\/[\w-]+\.ts$/ }, ({ path, kind, resolveDir }) => {
      if (kind !== 'dynamic-import') {
        return undefined;
      }
      const file = `${basename(path, '.ts')}.cjs`;
      programs.set(file, resolve(resolveDir, path));
      return { path: `./${file}`, external: true };
    });
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

/**
 * Lets Node keep what it compiles, in a directory beside the bundle: the next run takes a tenth less time. Where that cannot be written,
 * and when what is there is damaged or of another version of Node, everything is compiled as before. The native executable holds
 * compiled code itself.
 */
const keptCode = {
  js: `'use strict'; process.versions.bun || require('node:module').enableCompileCache(require('node:path').join(__dirname, 'compiled'));`,
};

const metafiles = [];

/** Bundles an entry point to a file in dist. */
async function bundleProgram(entryPoint, file, plugins, banner = {}) {
  const options = {
    ...settings,
    banner,
    // Both runtimes read a bundle in less time the shorter it is. Names stay for stack traces.
    minifyWhitespace: true,
    minifySyntax: true,
    // Node takes longer for `import` of a file than for `require`.
    supported: { 'dynamic-import': false },
    entryPoints: [entryPoint],
    outfile: join(folder, file),
    plugins,
  };
  metafiles.push((await build(options)).metafile);
}

await bundleProgram('src/main.ts', 'registry-image-resource.cjs', [programsApart], keptCode);
for (const [file, entryPoint] of programs) {
  await bundleProgram(entryPoint, file, [
    patternsApart,
    builtinsOnFirstUse,
    builtinsUncopied,
    librariesApart,
  ]);
}
for (const [file, entryPoint] of libraries) {
  const outfile = join(folder, 'libraries', file);
  const plugins = [timedMetadata, yamlWithoutEnvironment];
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
