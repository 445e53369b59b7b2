// Links the Node of the optional dependencies to node_modules/.bin, where npm scripts find it first. npm 10 creates this
// link and removes it again together with the packages for other machines. Runs on any Node.
import { existsSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const packages = fileURLToPath(new URL('../node_modules', import.meta.url));
const link = join(packages, '.bin', 'node');
const name = readdirSync(packages).find((entry) => existsSync(join(packages, entry, 'bin', 'node')));
if (name !== undefined && !existsSync(link)) {
  rmSync(link, { force: true });
  symlinkSync(join('..', name, 'bin', 'node'), link);
}
