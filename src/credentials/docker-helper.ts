// Runs a Docker credential helper (docker-credential-…) to get a log-in: the protocol of docker-credential-helpers.
import { type ChildProcess, spawn } from 'node:child_process';
import { kill } from 'node:process';
import { errorCode, UserError } from '../errors.ts';
import { isJsonObject, parseJson } from '../oci/json.ts';
import type { BasicCredentials } from '../transport/authorization.ts';
import type { Environment } from '../transport/proxy.ts';

/** How long a helper may run, in milliseconds. It may send requests to a cloud, but cannot ask a user anything. */
const defaultTimeout = 60_000;
const maximumAnswer = 64 * 1024;

/** The output of a helper without a log-in for the server (credentials.errCredentialsNotFoundMessage). */
const notFound = 'credentials not found in native keychain';

/** What a helper runs in; `timeout` in milliseconds. */
export interface HelperSurroundings {
  /** The Docker config that names the helper, as messages name it. */
  readonly configName: string;
  readonly environment: Environment;
  readonly signal?: AbortSignal | undefined;
  readonly timeout?: number;
}

/**
 * Runs `docker-credential-<helper> get`, found on PATH, with the server address on standard input. Returns the
 * credentials of its output, undefined when it has none for that server. The user name `<token>` marks an identity
 * token. Throws a UserError when the program is missing, fails, or prints something else; the output of a program that
 * succeeded is never quoted. The helper and what it has started end with the signal, whose reason is thrown, and with
 * this process.
 */
export async function askDockerHelper(
  helper: string,
  serverAddress: string,
  surroundings: HelperSurroundings,
): Promise<BasicCredentials | undefined> {
  const { configName } = surroundings;
  const program = `docker-credential-${helper}`;
  if (!/^[A-Za-z0-9][\w.-]*$/.test(helper)) {
    throw new UserError(`${configName} names a credential helper ${JSON.stringify(helper)}`, {
      hint: 'the name is what follows docker-credential- in that of the program, for example ecr-login',
    });
  }
  const { end, output, errors } = await run(program, serverAddress, surroundings);
  if (end !== 'exit code 0') {
    if (output.trim() === notFound) {
      return undefined;
    }
    const message = (output.trim() || errors.trim()).slice(0, 500);
    const cause = message === '' ? {} : { cause: new UserError(message) };
    throw new UserError(`${program} returned no log-in for ${serverAddress} (${end})`, {
      ...cause,
      hint: `run \`echo ${serverAddress} | ${program} get\` where the resource runs`,
    });
  }
  return parseOutput(program, serverAddress, output);
}

function parseOutput(program: string, serverAddress: string, output: string): BasicCredentials {
  const document = parseJson(output);
  const { Username: username, Secret: secret } = isJsonObject(document) ? document : {};
  if (typeof username !== 'string' || typeof secret !== 'string' || secret === '') {
    throw new UserError(`the output of ${program} has no log-in for ${serverAddress}`, {
      hint: 'it is not a JSON object with Username and Secret: check that the program is a Docker credential helper',
    });
  }
  return username === '<token>'
    ? { username: '', password: '', identityToken: secret }
    : { username, password: secret };
}

function run(
  program: string,
  input: string,
  { configName, environment, signal, timeout = defaultTimeout }: HelperSurroundings,
) {
  signal?.throwIfAborted();
  return new Promise<{ end: string; output: string; errors: string }>((resolve, reject) => {
    const child = spawn(program, ['get'], { env: { ...environment }, detached: true });
    const end = () => endGroup(child);
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      end();
    }, timeout);
    signal?.addEventListener('abort', end);
    process.on('exit', end);
    const release = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
      process.off('exit', end);
    };
    let output = '';
    let errors = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output = `${output}${text}`.slice(0, maximumAnswer);
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      errors = `${errors}${text}`.slice(0, maximumAnswer);
    });
    child.on('error', (error) => {
      release();
      reject(missing(program, configName, error));
    });
    // Processes that it started may keep its streams open after its end.
    child.on('exit', (_code, endedBy) => {
      if (endedBy !== null) {
        child.stdout.destroy();
        child.stderr.destroy();
      }
    });
    child.on('close', (code, endedBy) => {
      release();
      if (signal?.aborted) {
        reject(signal.reason);
        return;
      }
      const exit = endedBy === null ? `exit code ${code}` : `ended by ${endedBy}`;
      resolve({ end: timedOut ? `no end within ${timeout / 1000} seconds` : exit, output, errors });
    });
    // A helper that ends without reading its input reports by its exit code.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
  });
}

/** Ends a detached program with everything that it has started: they are the group of its process id. */
function endGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) {
      kill(-pid, 'SIGKILL');
    }
  } catch {
    // It has ended already.
  }
}

function missing(program: string, configName: string, error: Error): UserError {
  const isAbsent = errorCode(error) === 'ENOENT';
  return new UserError(
    isAbsent
      ? `${configName} asks for ${program}, which is not on the PATH`
      : `${configName} asks for ${program}, which cannot be run`,
    { ...(isAbsent ? {} : { cause: error }), code: 'DOCKER_HELPER_MISSING', facts: { program } },
  );
}
