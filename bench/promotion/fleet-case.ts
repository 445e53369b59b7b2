// The case of a fleet: many images to many registries, each far away and with a budget of its own.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type Goal, goalLines } from '../goals.ts';
import { measure } from '../measure.ts';
import type { OwnExecutable } from './copy-tools.ts';
import type { Fleet, HostReport } from './fleet-process.ts';
import { plainManifest } from './manifest-tree.ts';

/** The requests a second that the settings allow for every host; some admit fewer. */
const configuredRate = 50;
const leastShare = 0.9;

/** Promotes all images to all hosts by each executable, and prints what that took and how each host was used. */
export async function benchFleet(
  directory: string,
  executables: readonly OwnExecutable[],
  images: number,
): Promise<void> {
  for (const { name, path } of executables) {
    await using fleet = await startFleet(images);
    const { source, hosts } = fleet;
    const manifest = join(directory, 'fleet.yaml');
    const settings = join(directory, 'fleet-settings.yaml');
    const destinations = hosts.map((host) => `${host}/prod`);
    await writeFile(manifest, plainManifest(`${source}/staging`, destinations, fleet.images));
    await writeFile(settings, settingsText(hosts));
    const command = [path, 'promote', '--manifest', manifest, '--config', settings, '--confirm', '--json'];
    const { wall, cpu, memory } = await measure({ command, input: '/dev/null', environment: {} });
    const reports = await fleet.stop();
    const requests = reports.reduce((sum, { admitted, refused }) => sum + admitted + refused, 0);
    const times = reports.map(({ seconds }) => seconds);
    process.stdout.write(
      `\n${images} images to ${hosts.length} registries, ${name}: ${wall.toFixed(1)} s, ${cpu.toFixed(1)} s of CPU, ` +
        `${Math.round(memory / 2 ** 20)} MiB, ${requests} requests; hosts were done after ` +
        `${Math.min(...times).toFixed(1)} to ${Math.max(...times).toFixed(1)} s\n${goalLines(goalsOf(name, reports, images))}`,
    );
  }
}

function goalsOf(name: string, reports: readonly HostReport[], images: number): Goal[] {
  const rates = [...new Set(reports.map(({ rate }) => rate))];
  return [
    {
      text: `${name}: every host has all images`,
      holds: reports.every((report) => report.images === images),
    },
    ...rates.map((rate) => {
      const alike = reports.filter((report) => report.rate === rate);
      const least = Math.min(...alike.map(({ admitted, seconds }) => admitted / seconds / rate));
      const refused = alike.reduce((sum, report) => sum + report.refused, 0);
      return {
        text:
          `${name}: ${alike.length} hosts that admit ${rate} requests a second are used by ` +
          `${Math.round(least * 100)} % or more, at least ${leastShare * 100} % (${refused} answers of 429)`,
        holds: least >= leastShare,
      };
    }),
  ];
}

function settingsText(hosts: readonly string[]): string {
  const lines = hosts.map((host) => `- name: "${host}"\n  max_requests_per_second: "${configuredRate}"\n`);
  return `registries:\n${lines.join('')}`;
}

async function startFleet(images: number) {
  const child = spawn(
    process.execPath,
    [join(import.meta.dirname, 'fleet-process.ts'), '--images', String(images)],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  const lines = createInterface({ input: child.stdout });
  const [line] = await once(lines, 'line');
  const fleet: Fleet = JSON.parse(String(line));
  return {
    ...fleet,
    async stop(): Promise<HostReport[]> {
      const reported = once(lines, 'line');
      child.stdin.end();
      const [reports] = await reported;
      return JSON.parse(String(reports));
    },
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null) {
        const ended = once(child, 'exit');
        child.stdin.end();
        await ended;
      }
    },
  };
}
