// The steps of a Concourse pipeline in the order in which they run, with the artifacts that each of them finds.
import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';

/** A pipeline, as far as the examples need it. */
export interface Pipeline {
  readonly resource_types: readonly { readonly source: object }[];
  readonly resources: readonly Resource[];
  readonly jobs: readonly PipelineJob[];
}

/** A resource of a pipeline. */
export interface Resource {
  readonly name: string;
  readonly type: string;
  readonly source: object;
}

/** A job of a pipeline. */
export interface PipelineJob {
  readonly name: string;
  readonly plan: readonly unknown[];
}

/** One get, put, task or load_var. */
export interface PipelineStep {
  readonly kind: 'get' | 'put' | 'task' | 'load_var';
  readonly name: string;
  readonly resource: string;
  readonly params: object;
  readonly getParams: object;
  /** The command line of a task, its environment, and the artifacts that it makes. */
  readonly run: readonly string[] | undefined;
  readonly environment: object;
  readonly outputs: readonly string[];
  /** The file of a load_var. */
  readonly file: string;
  /** Whether it runs only after a failure. */
  readonly isHook: boolean;
  /** Artifacts that it names, and those that exist when it runs. */
  readonly needs: readonly string[];
  readonly artifacts: readonly string[];
}

/** Reads a file of YAML, with a value for each `((variable))`. */
export async function readExample<Content>(path: string): Promise<Content> {
  return parseExample(await readFile(path, 'utf8'), variable);
}

/** Parses YAML with the values of its variables. */
export function parseExample<Content>(text: string, resolve: (name: string) => string): Content {
  return parse(
    text.replace(/\(\(([^)]+)\)\)/g, (_, name: string) => resolve(name)),
    { merge: true },
  );
}

function variable(name: string): string {
  switch (name) {
    case '.:digest':
      return `sha256:${'0'.repeat(64)}`;
    case '.:version':
      return 'v1.2.3';
    case '.:commit':
      return '0'.repeat(40);
    default:
      return `value-of-${name}`;
  }
}

const knownKeys: Readonly<Record<PipelineStep['kind'], readonly string[]>> = {
  get: ['get', 'resource', 'trigger', 'passed', 'params', 'version'],
  put: ['put', 'resource', 'params', 'get_params', 'inputs'],
  task: ['task', 'image', 'config', 'privileged', 'params', 'input_mapping', 'output_mapping'],
  load_var: ['load_var', 'file', 'format', 'reveal'],
};

/** The steps of a job. Throws for a key, a resource or a kind of step that does not exist. */
export function jobSteps({ plan }: PipelineJob, resources: readonly Resource[]): PipelineStep[] {
  const steps: PipelineStep[] = [];
  const visit = (value: unknown, artifacts: string[], isHook: boolean): void => {
    const { on_failure: hook, ...step } = objectOf(value);
    const group = step.in_parallel ?? step.do;
    if (group !== undefined) {
      requireKeys(step, ['in_parallel', 'do']);
      listOf(group).forEach((member) => {
        visit(member, artifacts, isHook);
      });
    } else {
      steps.push({ ...readStep(step, resources, artifacts), isHook });
    }
    if (hook !== undefined) {
      visit(hook, artifacts, true);
    }
  };
  const artifacts: string[] = [];
  plan.forEach((step) => {
    visit(step, artifacts, false);
  });
  return steps;
}

function readStep(
  step: Readonly<Record<string, unknown>>,
  resources: readonly Resource[],
  artifacts: string[],
): Omit<PipelineStep, 'isHook'> {
  const kind = (['get', 'put', 'task', 'load_var'] as const).find((key) => key in step);
  if (kind === undefined) {
    throw new Error(`no step is known with the keys ${Object.keys(step).join(', ')}`);
  }
  requireKeys(step, knownKeys[kind]);
  const name = String(step[kind]);
  const resource = String(step.resource ?? name);
  if ((kind === 'get' || kind === 'put') && !resources.some((each) => each.name === resource)) {
    throw new Error(`there is no resource ${resource}`);
  }
  const params = objectOf(step.params ?? {});
  const config = objectOf(step.config ?? {});
  const needs =
    kind === 'task'
      ? [...namesIn(config.inputs), ...(step.image === undefined ? [] : [String(step.image)])]
      : kind === 'load_var'
        ? [firstFolder(step.file)]
        : kind === 'put'
          ? folders(params)
          : [];
  const mapping = objectOf(step.output_mapping ?? {});
  const outputs = namesIn(config.outputs).map((output) => String(mapping[output] ?? output));
  const found = {
    kind,
    name,
    resource,
    params,
    getParams: objectOf((kind === 'get' ? step.params : step.get_params) ?? {}),
    environment: { ...objectOf(config.params ?? {}), ...params },
    outputs,
    file: String(step.file ?? ''),
    needs,
    artifacts: [...artifacts],
  };
  artifacts.push(...outputs, ...(kind === 'get' || kind === 'put' ? [name] : []));
  if (kind !== 'task') {
    return { ...found, run: undefined };
  }
  requireKeys(config, ['platform', 'inputs', 'outputs', 'params', 'run', 'caches']);
  const run = objectOf(config.run);
  requireKeys(run, ['path', 'args', 'dir']);
  return { ...found, run: [run.path, ...listOf(run.args ?? [])].map(String) };
}

/** The artifacts that the params of a put name: the first parts of their paths. */
function folders(params: Readonly<Record<string, unknown>>): string[] {
  const paths = [params.image, params.additional_tags, params.version_file, params.file];
  const gets = [params.from, ...listOf(params.manifests ?? [])].flatMap((entry) =>
    typeof entry === 'object' && entry !== null && 'get' in entry ? [entry.get] : [],
  );
  return [...paths, ...gets].filter((path) => path !== undefined).map(firstFolder);
}

function firstFolder(path: unknown): string {
  return String(path).split('/', 1)[0] ?? '';
}

function namesIn(list: unknown): string[] {
  return listOf(list ?? []).map((entry) => String(objectOf(entry).name));
}

function requireKeys(step: Readonly<Record<string, unknown>>, known: readonly string[]): void {
  const unknown = Object.keys(step).filter((key) => !known.includes(key));
  if (unknown.length > 0) {
    throw new Error(`unknown keys: ${unknown.join(', ')}`);
  }
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Error(`${JSON.stringify(value)} is not an object`);
  }
  return { ...value };
}

function listOf(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) {
    throw new Error(`${JSON.stringify(value)} is not a list`);
  }
  return value;
}
