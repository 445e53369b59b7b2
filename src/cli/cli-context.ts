// What the commands of registry-image share: options, log, settings and registries.
import type { Command as Program } from 'commander';
import { openRegistries, type Registries } from '../access/registries.ts';
import { checkDockerConfig } from '../credentials/docker-login.ts';
import { UserError } from '../errors.ts';
import { createLog, type Log } from '../log.ts';
import type { CommandResult, Surroundings } from '../process/surroundings.ts';
import { secretsOfEnvironment } from '../request/secrets.ts';
import { prefixGate, type SourceGate } from '../signing/prefix-gates.ts';
import type { ShownProgress } from '../transfer/progress.ts';
import { createBars } from '../transfer/progress-display.ts';
import { type CliSettings, readSettings } from './settings-file.ts';

/** One run of a command: its arguments in order, and its options by their names in camel case. */
export interface CliRun<Options> {
  readonly args: readonly string[];
  readonly options: Options;
  readonly surroundings: Surroundings;
}

/** A command of registry-image. A failure is thrown, as by the other commands. */
export type CliCommand<Options> = (run: CliRun<Options>) => Promise<CommandResult>;

/** Loads the code of a command. */
export type LoadCommand<Options> = () => Promise<CliCommand<Options>>;

/** Defines a command of the program: what describes it is called when it is needed, and its code is loaded when it runs. */
export type Define = <Options extends object>(
  name: string,
  describe: (command: Program) => Program,
  load: LoadCommand<Options>,
) => void;

/** The option of every command that has an answer. */
export interface AnswerOptions {
  /** Whether the answer is one JSON document. */
  readonly json?: boolean;
}

/** The options of every command that sends requests. */
export interface RegistryOptions extends AnswerOptions {
  /** The path of the settings file. */
  readonly config?: string;
  readonly debug?: boolean;
}

/** Registries by the settings file, and a log, until the command ends. */
export interface OpenedRegistries {
  readonly registries: Registries;
  readonly settings: CliSettings;
  /** Verifies images by the settings file before they are copied. */
  readonly verify: SourceGate;
  readonly log: Log;
  /** Bars on a terminal; undefined where there are none. */
  readonly progress: ShownProgress | undefined;
}

/** A log on standard error that shows no secret of the environment, with bars below it on a terminal. */
export function openLog({
  surroundings,
  options,
}: CliRun<object & { readonly debug?: boolean | undefined }>): Pick<OpenedRegistries, 'log' | 'progress'> {
  const { clock, environment, writeError, every, terminal, addSecret } = surroundings;
  const { now } = clock;
  secretsOfEnvironment(environment).forEach(addSecret);
  const bars =
    terminal() && !options.debug ? createBars({ write: writeError, now, every }, terminal) : undefined;
  const write = bars?.write ?? writeError;
  return {
    log: createLog({ write, now, startedAt: now() }, options.debug ?? false),
    progress: bars,
  };
}

/** Reads each docker_config of the settings: a malformed one would be found after the requests to other registries. */
async function checkDockerConfigs({ registries }: CliSettings, surroundings: Surroundings): Promise<void> {
  for (const { prefix, access } of registries) {
    const { dockerConfig, dockerConfigOrigin } = access;
    if (dockerConfig !== '' && dockerConfigOrigin === 'settings') {
      const [registry = ''] = prefix.split('/', 1);
      await checkDockerConfig(dockerConfig, registry, surroundings, dockerConfigOrigin).catch((cause) => {
        throw new UserError(`the log-in to ${prefix}`, { cause });
      });
    }
  }
}

/**
 * Runs an action with the registries of the settings file, and closes them. Throws a UserError of the settings file, and for an
 * empty name of it, as a variable that is not set leaves it: what the file forbids would be allowed without it.
 */
export async function withRegistries<Result>(
  run: CliRun<RegistryOptions>,
  action: (opened: OpenedRegistries) => Promise<Result>,
): Promise<Result> {
  const { surroundings, options } = run;
  const { environment } = surroundings;
  const { log, progress } = openLog(run);
  if (options.config === '') {
    throw new UserError('--config is empty', {
      hint: 'name the settings file; without the option, REGISTRY_IMAGE_CONFIG names it, or there is none',
    });
  }
  const settings = await readSettings(options.config ?? environment.REGISTRY_IMAGE_CONFIG, environment);
  settings.secrets.forEach(surroundings.addSecret);
  await checkDockerConfigs(settings, surroundings);
  const registries = openRegistries(settings.registries, surroundings, log);
  try {
    const verify = prefixGate(settings.verify, {
      clock: surroundings.clock,
      log,
      signal: surroundings.signal,
    });
    return await action({ registries, settings, verify, log, progress });
  } finally {
    progress?.close();
    await registries.close();
  }
}
