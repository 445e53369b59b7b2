// Asking a docker-credential-… program for a login: the protocol of docker-credential-helpers.
import { spawn } from 'node:child_process';
import { errorCode, UserError } from '../errors.ts';
import { isJsonObject, parseJson } from '../oci/json.ts';
import type { BasicCredentials } from '../transport/authorization.ts';
import type { Environment } from '../transport/proxy.ts';

/** How long a helper may take before it is ended, in milliseconds: it may talk to a cloud, but nobody can answer a question of it. */
const patience = 60_000;
const maximumAnswer = 64 * 1024;

/** What helpers print for a server that they have no login for (credentials.errCredentialsNotFoundMessage). */
const notFound = 'credentials not found in native keychain';

/**
 * Runs `docker-credential-<helper> get`, found on PATH, with the server's address on standard input. Gives what it
 * answers, undefined when it knows no login for that server. The user name `<token>` marks the secret as an identity
 * token. Throws a UserError when the program is missing, fails, or answers something else; the answer of a program
 * that succeeded is never quoted.
 */
export async function askDockerHelper(
  helper: string,
  serverAddress: string,
  environment: Environment,
): Promise<BasicCredentials | undefined> {
  const program = `docker-credential-${helper}`;
  if (!/^[A-Za-z0-9][\w.-]*$/.test(helper)) {
    throw new UserError(`source.docker_config names a credential helper ${JSON.stringify(helper)}`, {
      hint: 'the name is what follows docker-credential- in that of the program, for example ecr-login',
    });
  }
  const { end, output, complaint } = await run(program, serverAddress, environment);
  if (end !== 'exit code 0') {
    if (output.trim() === notFound) {
      return undefined;
    }
    const said = (output.trim() || complaint.trim()).slice(0, 500);
    const cause = said === '' ? {} : { cause: new UserError(said) };
    throw new UserError(`${program} gives no login for ${serverAddress} (${end})`, {
      ...cause,
      hint: `run \`echo ${serverAddress} | ${program} get\` where the resource runs`,
    });
  }
  return readAnswer(program, serverAddress, output);
}

function readAnswer(program: string, serverAddress: string, output: string): BasicCredentials {
  const answer = parseJson(output);
  const { Username: username, Secret: secret } = isJsonObject(answer) ? answer : {};
  if (typeof username !== 'string' || typeof secret !== 'string' || secret === '') {
    throw new UserError(`${program} answers no login for ${serverAddress}`, {
      hint: 'its answer is not a JSON object with Username and Secret: is it a credential helper of docker?',
    });
  }
  return username === '<token>'
    ? { username: '', password: '', identityToken: secret }
    : { username, password: secret };
}

function run(program: string, input: string, environment: Environment) {
  return new Promise<{ end: string; output: string; complaint: string }>((resolve, reject) => {
    const child = spawn(program, ['get'], { env: { ...environment }, timeout: patience });
    let output = '';
    let complaint = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output = `${output}${text}`.slice(0, maximumAnswer);
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      complaint = `${complaint}${text}`.slice(0, maximumAnswer);
    });
    child.on('error', (error) => reject(missing(program, error)));
    // What it started may hold its streams open longer than it lives.
    child.on('exit', (_code, signal) => {
      if (signal !== null) {
        child.stdout.destroy();
        child.stderr.destroy();
      }
    });
    child.on('close', (code, signal) => {
      resolve({ end: signal === null ? `exit code ${code}` : `ended by ${signal}`, output, complaint });
    });
    // A helper that ends without reading is judged by its exit code.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
  });
}

function missing(program: string, error: Error): UserError {
  const isAbsent = errorCode(error) === 'ENOENT';
  return new UserError(
    isAbsent
      ? `source.docker_config asks for ${program}, which is not in this image`
      : `source.docker_config asks for ${program}, which can not be run`,
    {
      ...(isAbsent ? {} : { cause: error }),
      hint: `add ${program} to the image of the resource type, or give the login under auths`,
    },
  );
}
