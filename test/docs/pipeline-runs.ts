// Runs a job of an example as Concourse would: puts with the resource, tasks as processes, on registries of the test.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { runIn } from '../../src/command/in.ts';
import { runOut } from '../../src/command/out.ts';
import { runProgram } from '../support/child-process.ts';
import { repositoryRoot } from '../support/run.ts';
import { runCommand } from '../support/run-command.ts';
import { jobSteps, type Pipeline, type PipelineStep, parseExample } from './pipeline-steps.ts';

/** What surrounds the jobs of an example. */
export interface Worker {
  /** The directory with the artifacts. */
  readonly folder: string;
  /** The registries of the test by the hosts of the example. */
  readonly hosts: Readonly<Record<string, string>>;
  /** Writes what a task that builds leaves in its output. */
  build(output: string, environment: object): Promise<Buffer>;
}

/** The log of each step that ran, by its name; of a put of another resource the file that it uploads. */
export type JobLogs = ReadonlyMap<string, string>;

/** Runs a job to its end. Throws when a step fails, with its log. */
export async function runJob(example: string, jobName: string, worker: Worker): Promise<JobLogs> {
  const text = await readFile(join(repositoryRoot, 'docs', 'examples', example), 'utf8');
  // Amazon's log-in needs its servers; the name of the registry is what is left of it.
  const local = onHosts(text, worker.hosts).replace(/^ *aws_\w+: .*\n/gm, '');
  const pipeline = parseExample<Pipeline>(local, (name) => (name.startsWith('.:') ? `<${name}>` : name));
  const job = pipeline.jobs.find(({ name }) => name === jobName);
  if (!job) {
    throw new Error(`${example} has no job ${jobName}`);
  }
  const resources = new Map(pipeline.resources.map((resource) => [resource.name, resource]));
  const variables = new Map<string, string>();
  const resolved = <Value>(value: Value): Value =>
    JSON.parse(
      JSON.stringify(value).replace(/<(\.:[^>]+)>/g, (_, name: string) => variables.get(name) ?? ''),
    );
  const logs = new Map<string, string>();
  for (const step of jobSteps(job, pipeline.resources).filter(({ isHook }) => !isHook)) {
    const resource = resources.get(step.resource);
    if (step.kind === 'put' && resource?.type === 'image') {
      logs.set(step.name, await runPut(resolved(step), resource.source, worker));
    } else if (step.kind === 'put') {
      logs.set(step.name, await readFile(join(worker.folder, fileOf(step.params)), 'utf8'));
    } else if (step.kind === 'load_var') {
      const value = await readFile(join(worker.folder, step.file), 'utf8');
      variables.set(`.:${step.name}`, value.trim());
    } else if (step.kind === 'task') {
      logs.set(step.name, await runTask(step, worker));
    }
  }
  return logs;
}

/** The file that a put of another resource uploads. */
function fileOf(params: object): string {
  if (!('file' in params && typeof params.file === 'string')) {
    throw new Error(`the put has no file: ${JSON.stringify(params)}`);
  }
  return params.file;
}

/** A text with the registries of the test in place of the hosts of an example. */
export function onHosts(text: string, hosts: Readonly<Record<string, string>>): string {
  return Object.entries(hosts).reduce((all, [host, local]) => all.replaceAll(host, local), text);
}

async function runPut(step: PipelineStep, source: unknown, { folder }: Worker): Promise<string> {
  const { name, params, getParams } = step;
  const put = await runCommand(runOut, { request: { source, params }, directory: folder });
  if (put.answer === undefined) {
    throw new Error(`the put ${name} failed:\n${put.stderr}`);
  }
  const { version } = JSON.parse(put.answer);
  const directory = join(folder, name);
  const get = await runCommand(runIn, { request: { source, version, params: getParams }, directory });
  if (get.answer === undefined) {
    throw new Error(`the get after the put ${name} failed:\n${get.stderr}`);
  }
  return put.stderr;
}

async function runTask(step: PipelineStep, { folder, build }: Worker): Promise<string> {
  const [path = '', ...args] = step.run ?? [];
  await Promise.all(step.outputs.map((output) => mkdir(join(folder, output), { recursive: true })));
  if (path === 'build') {
    const [output = ''] = step.outputs;
    await writeFile(join(folder, output, 'image.tar'), await build(output, step.environment));
    return '';
  }
  const executables = `${join(repositoryRoot, 'bin')}:${dirname(process.execPath)}:/usr/bin:/bin`;
  const command = path === 'registry-image' ? join(repositoryRoot, 'bin', path) : path;
  const { status, stdout, stderr } = await runProgram(command, args, {
    workingDirectory: folder,
    environment: { ...step.environment, PATH: executables, HOME: folder, TEST: 'true' },
  });
  if (status !== 0) {
    throw new Error(`the task ${step.name} ended with ${status}:\n${stderr}${stdout}`);
  }
  return `${stderr}${stdout}`;
}
