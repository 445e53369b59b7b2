// The options of check, in and out: --help and --version.
import { errorText, UserError } from '../errors.ts';
import { version } from '../version.ts';
import type { Command } from './surroundings.ts';

const commands = {
  check: {
    usage: 'check < request.json',
    purpose: 'Finds the versions of a container image in a registry and writes them as a JSON list.',
    example: '{"source": {"repository": "registry.example.com/team/app", "tag": "latest"}}',
  },
  in: {
    usage: 'in DIRECTORY < request.json',
    purpose:
      'Fetches one version of a container image into DIRECTORY, which is created if it does not exist.',
    example:
      '{"source": {"repository": "registry.example.com/team/app"}, "version": {"tag": "latest", "digest": "sha256:..."}}',
  },
  out: {
    usage: 'out DIRECTORY < request.json',
    purpose:
      'Publishes an image and writes its version: params.image finds it below DIRECTORY; params.from and manifests name others.',
    example:
      '{"source": {"repository": "registry.example.com/team/app", "tag": "1.0"}, "params": {"image": "image.tar"}}',
  },
};

/** One of the commands of the resource. */
export type ResourceCommand = keyof typeof commands;

/** A command for which `--help` and `--version` are printed, and another option is a UserError, before anything is read. */
export function withOptions(name: ResourceCommand, command: Command): Command {
  return async (surroundings) => {
    const { values, positionals } = await parseOptions(name, surroundings.arguments);
    if (values.help) {
      return { output: helpText(name), code: 0 };
    }
    if (values.version) {
      return { output: `${version}\n`, code: 0 };
    }
    return await command({ ...surroundings, arguments: positionals });
  };
}

/** Prints how to use all commands if the first argument is `--help`; anything else is a UserError. */
export const overviewCommand: Command = async ({ arguments: [first] }) => {
  if (first !== '--help') {
    throw new UserError('the command is not known', {
      hint: 'start the program as check, in, out or registry-image',
    });
  }
  const lines = Object.values(commands).map(({ usage, purpose }) => `  ${usage}\n      ${purpose}\n`);
  return { output: `Usage:\n${lines.join('')}`, code: 0 };
};

async function parseOptions(command: ResourceCommand, args: readonly string[]) {
  // Most runs have no option: without one, the parser of the runtime is not loaded.
  if (!args.some((arg) => arg.startsWith('-'))) {
    return { values: { help: false, version: false }, positionals: args };
  }
  const { parseArgs } = await import('node:util');
  try {
    return parseArgs({
      args: [...args],
      options: {
        help: { type: 'boolean', short: 'h', default: false },
        version: { type: 'boolean', default: false },
      },
      allowPositionals: true,
    });
  } catch (error) {
    const [message = ''] = errorText(error).split('. ');
    throw new UserError(message, {
      hint: `see ${command} --help; write a directory whose name begins with "-" as ./-name`,
    });
  }
}

function helpText(command: ResourceCommand): string {
  const { usage, purpose, example } = commands[command];
  return [
    `Usage: ${usage}`,
    '',
    purpose,
    '',
    'The request is a JSON object on standard input, for example:',
    `  ${example}`,
    '',
    'The answer is JSON on standard output; everything else is logged on standard error.',
    'Exit status: 0 success, 1 failure, 130 or 143 interrupted by SIGINT or SIGTERM.',
    '',
    'Options:',
    '  -h, --help     print this help',
    '      --version  print the version',
    '',
  ].join('\n');
}
