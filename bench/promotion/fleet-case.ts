// The case of a fleet: many images to many registries, each far away and with a budget of its own.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { OwnExecutable } from '../contenders.ts';
import { type Goal, judge } from '../goals.ts';
import { measure } from '../measure.ts';
import type { Outcome } from '../report.ts';
import type { Result } from '../results.ts';
import type { Fleet, HostReport } from './fleet-process.ts';
import { plainManifest } from './manifest-tree.ts';

/** The requests a second that the settings allow for every host; some admit fewer. */
const configuredRate = 50;
const leastShare = 0.9;
const fleetSize = 22;

/** Promotes all images to all hosts by each executable. Rejects when a host does not have all of them at the end. */
export async function benchFleet(
  directory: string,
  executables: readonly OwnExecutable[],
  images: number,
): Promise<Outcome> {
  const results: Result[] = [];
  for (const executable of executables) {
    process.stderr.write(`fleet, ${executable.name}\n`);
    results.push(await promoteToFleet(directory, executable, images));
  }
  const goals = executables.map(
    ({ name }): Goal => ({ kind: 'value', own: name, figure: 'use', bound: { atLeast: leastShare } }),
  );
  const title = `${images} images to a fleet of ${fleetSize} registries, ${configuredRate} requests a second each`;
  return { title, results, judgements: judge(goals, results) };
}

async function promoteToFleet(
  directory: string,
  { name, path }: OwnExecutable,
  images: number,
): Promise<Result> {
  await using fleet = await startFleet(images);
  const { source, hosts } = fleet;
  const manifest = join(directory, 'fleet.yaml');
  const settings = join(directory, 'fleet-settings.yaml');
  const destinations = hosts.map((host) => `${host}/prod`);
  await writeFile(manifest, plainManifest(`${source}/staging`, destinations, fleet.images));
  await writeFile(settings, settingsText(hosts));
  const command = [path, 'promote', '--manifest', manifest, '--config', settings, '--confirm', '--json'];
  const measurement = await measure({ command, input: '/dev/null', environment: {} });
  const reports = await fleet.stop();
  const lacking = reports.filter((report) => report.images !== images).length;
  if (lacking > 0) {
    throw new Error(`${name}: ${lacking} registries of the fleet lack images`);
  }
  const requests = reports.reduce((sum, { admitted, refused }) => sum + admitted + refused, 0);
  const use = Math.min(...reports.map(({ admitted, seconds, rate }) => admitted / seconds / rate));
  return { name, measurements: [measurement], counts: { requests, use } };
}

function settingsText(hosts: readonly string[]): string {
  const lines = hosts.map((host) => `- name: "${host}"\n  max_requests_per_second: "${configuredRate}"\n`);
  return `registries:\n${lines.join('')}`;
}

async function startFleet(images: number) {
  const child = spawn(
    process.execPath,
    [
      join(import.meta.dirname, 'fleet-process.ts'),
      ...['--hosts', String(fleetSize)],
      ...['--images', String(images)],
    ],
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
