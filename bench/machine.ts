// Describes the machine and the versions of everything that takes part, for the page with the results.
import { execFileSync } from 'node:child_process';
import { cpus, freemem, loadavg, release, totalmem, type } from 'node:os';
import { areInstalled } from './contenders.ts';
import { bunExecutable } from './measure.ts';

/** A paragraph: date, processors, memory, system, load, and the versions of runtimes and of the tools that are found. */
export function machineText(directory: string): string {
  const date = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long' }).format(new Date());
  const processors = cpus();
  const gigabytes = (bytes: number) => `${Math.round(bytes / 1e9)} GB`;
  const tools = Object.entries(versionArguments)
    .filter(([name]) => areInstalled(name))
    .map(([name, argument]) => `${name} ${versionOf(name, argument)}`);
  const place = directory.startsWith('/dev/shm/') ? 'files in memory' : 'files on disk';
  return (
    `Measured on ${date} on ${processors.length} processors (${processors[0]?.model.trim() ?? 'unknown'}), ` +
    `${gigabytes(totalmem())} of memory, ${gigabytes(freemem())} of it free, ${type()} ${release()}, ${place}, ` +
    `load average ${loadavg()[0]?.toFixed(1)} at the start. ` +
    `Bun ${versionOf(bunExecutable, '--version')}, Node ${process.versions.node}, ${tools.join(', ')}.\n`
  );
}

const versionArguments: Readonly<Record<string, string>> = {
  'docker-registry': '--version',
  skopeo: '--version',
  umoci: '--version',
  crane: 'version',
  regctl: 'version',
  oras: 'version',
};

function versionOf(program: string, argument: string): string {
  try {
    const text = execFileSync(program, [argument], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    return /\d+\.\d+(?:\.\d+)?/.exec(text)?.[0] ?? 'of unknown version';
  } catch {
    return 'of unknown version';
  }
}
