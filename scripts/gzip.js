// Run by Bun: compresses the file of the first argument to that of the second with libdeflate, which takes 6 % less room than
// Node's zlib at its highest level. Level 12 takes twice as long as level 10 for 0.05 % less room.
import { readFileSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'bun';

const [source, target] = process.argv.slice(2);
writeFileSync(target, gzipSync(readFileSync(source), { library: 'libdeflate', level: 10 }));
