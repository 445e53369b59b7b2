// The settings file of registry-image: what it says, and errors by file and line that show no secret.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type CliSettings, readSettings } from '../../src/cli/settings-file.ts';
import { errorHint, errorText } from '../../src/errors.ts';
import { imageWith, registryWith } from '../support/promotion.ts';
import { runCli } from '../support/run-cli.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const noHome = { HOME: '/nonexistent' };

async function read(text: string, environment: Record<string, string> = {}): Promise<CliSettings> {
  const path = join(await temporaryDirectory(), 'settings.yaml');
  await writeFile(path, text);
  return await readSettings(path, { ...noHome, ...environment });
}

/** The message of the error with its hint, and the directory of the file left out. */
async function failure(text: string, environment: Record<string, string> = {}): Promise<string> {
  const error = await read(text, environment).then(
    () => new Error('no error'),
    (reason: unknown) => reason,
  );
  return `${errorText(error)} ${errorHint(error) ?? ''}`.replace(/^\S*\/settings/, 'settings');
}

it('has no registries but the default without a file', async () => {
  const { registries, allowDestinations } = await readSettings(undefined, noHome);
  expect(registries.map(({ prefix }) => prefix)).toEqual(['']);
  expect(allowDestinations).toEqual([]);
});

it.each(['', '# nothing yet\n', 'registries:\n'])('may say nothing: %j', async (text) => {
  expect((await read(text)).registries.map(({ prefix }) => prefix)).toEqual(['']);
});

it('says how registries are reached, with values from the environment', async () => {
  const { registries, secrets } = await read(
    `registries:
- name: registry.test/team/   # a comment
  username: robot-\${TEAM}
  password: \${TOKEN}
  insecure: true
  ca_certs: ["\${CERTIFICATE}"]
  max_requests_per_second: 2.5
  max_concurrent: 4
- name: other.test
  docker_config: {auths: {other.test: {auth: "\${TOKEN}"}}}
- name: docker.io/team
allow_destinations: ['^registry\\.test/']
`,
    { TEAM: 'blue', TOKEN: 'hunter2', CERTIFICATE: 'PEM' },
  );
  expect(registries).toMatchObject([
    {
      prefix: 'registry.test/team',
      maxRequestsPerSecond: 2.5,
      maxConcurrent: 4,
      access: { username: 'robot-blue', password: 'hunter2', insecure: true, caCerts: ['PEM'] },
    },
    { prefix: 'other.test', access: { dockerConfig: '{"auths":{"other.test":{"auth":"hunter2"}}}' } },
    { prefix: 'index.docker.io/team' },
    { prefix: '' },
  ]);
  expect(secrets).toContain('hunter2');
});

it('allows destinations by patterns that are searched', async () => {
  const { allowDestinations } = await read("allow_destinations: ['prod/', '^other']");
  const allows = (name: string) => allowDestinations.some((pattern) => pattern.matches(name));
  expect(['a.test/prod/app', 'other.test/x', 'a.test/dev/app'].map(allows)).toEqual([true, true, false]);
});

it.each(['DOCKER_CONFIG', 'HOME'])("logs in by Docker's own config.json below %s otherwise", async (name) => {
  const home = await temporaryDirectory();
  const directory = name === 'HOME' ? join(home, '.docker') : home;
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, 'config.json'), '{}');
  const { registries } = await read(
    'registries:\n- {name: a.test, max_concurrent: 2}\n- {name: b.test, username: a, password: b}\n',
    { [name]: home },
  );
  const file = join(directory, 'config.json');
  expect(registries.map(({ access }) => access.dockerConfig)).toEqual([file, '', file]);
});

it("logs in by Docker's own config.json, and does not warn of a registry that is not in it", async () => {
  const auth = { kind: 'basic', user: 'robot', password: 'secret' } as const;
  const [closed, open] = [
    await registryWith({ 'team/app:1.0': await imageWith('1') }, { auth }),
    await registryWith({ 'team/app:2.0': await imageWith('1') }),
  ];
  const home = await temporaryDirectory();
  const auths = { [closed.host]: { auth: Buffer.from('robot:secret').toString('base64') } };
  await writeFile(join(home, 'config.json'), JSON.stringify({ auths }));
  const environment = { DOCKER_CONFIG: home };
  const ls = (host: string) => runCli(['ls', `${host}/team/app`], { environment });
  expect(await ls(closed.host)).toEqual({ code: 0, stdout: '1.0\n1 tag\n', stderr: '' });
  expect(await ls(open.host)).toEqual({ code: 0, stdout: '2.0\n1 tag\n', stderr: '' });
});

it.each([
  ['malformed', '\'{"auths":[]}\'', 'cannot be used: auths in it is not'],
  ['in a file that is gone', '/nowhere/config.json', 'names "/nowhere/config.json", which cannot'],
])('refuses a docker_config %s before any request to another registry', async (_, config, message) => {
  const registry = await registryWith({ 'team/app:1.0': await imageWith('1') });
  const path = join(await temporaryDirectory(), 'settings.yaml');
  await writeFile(path, `registries: [{name: b.test/prod, docker_config: ${config}}]`);
  const { code, stdout, stderr } = await runCli(['ls', `${registry.host}/team/app`, '--config', path]);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toContain(`the log-in to b.test/prod: docker_config in the settings file ${message}`);
  expect(registry.requests).toEqual([]);
});

describe('names file and line of', () => {
  it.each([
    ['an unknown key', 'registres: []', 'settings.yaml:1: unknown key "registres" did you mean registries?'],
    [
      'an unknown key of a registry',
      'registries:\n- name: a.test\n  passwrd: hunter2',
      'settings.yaml:3: unknown key "passwrd" did you mean password?',
    ],
    [
      'a key of a source that is no log-in',
      'registries:\n- name: a.test\n  tag: x',
      'settings.yaml:3: unknown key "tag"',
    ],
    ['a registry without a name', 'registries:\n- username: a', 'settings.yaml:2: a registry has no name'],
    [
      'a name that is none',
      'registries:\n- name: https://a.test',
      'settings.yaml:2: "https://a.test" is a URL',
    ],
    [
      'a registry that is there twice',
      'registries:\n- name: a.test/\n- name: a.test',
      'settings.yaml:3: the registry a.test is on line 2 already',
    ],
    [
      'a key that is there twice',
      'registries:\n- name: a.test\n  password: hunter2\n  password: hunter2',
      'settings.yaml:4: the key password is there twice',
    ],
    [
      'a variable that is not set',
      `registries:\n- name: a.test\n  password: \${TOKEN}`,
      'settings.yaml:3: password: the variable TOKEN is not set in the environment',
    ],
    [
      'a boolean that is none',
      'registries:\n- name: a.test\n  insecure: maybe',
      'settings.yaml:3: insecure must be true or false',
    ],
    [
      'a limit that is no number',
      'registries:\n- name: a.test\n  max_concurrent: hunter2',
      'settings.yaml:3: max_concurrent must be a number above 0',
    ],
    [
      'a limit of 0',
      'registries:\n- name: a.test\n  max_requests_per_second: 0',
      'settings.yaml:3: max_requests_per_second must be a number above 0',
    ],
    ['a map in the place of a list', 'registries: {name: a}', 'settings.yaml:1: registries must be a list'],
    [
      'a string in the place of a map',
      'registries:\n- a.test',
      'settings.yaml:2: each entry of registries must be a map',
    ],
    [
      'a list in the place of a string',
      'registries:\n- name: a.test\n  password: [hunter2]',
      'settings.yaml:3: password must be a string',
    ],
    [
      'a pattern that is none',
      'allow_destinations:\n- "("',
      'settings.yaml:1: invalid regex pattern in allow_destinations: "("',
    ],
    [
      'an empty list of destinations, which could mean all or none',
      'registries: []\nallow_destinations: []',
      'settings.yaml:2: allow_destinations has no pattern',
    ],
    [
      'destinations that are all commented out',
      'allow_destinations:\n# - ^a\\.test/',
      'settings.yaml:1: allow_destinations has no pattern',
    ],
    [
      'an empty pattern',
      'allow_destinations:\n- ""',
      'settings.yaml:1: the pattern of allow_destinations is empty',
    ],
    [
      'two keys for roles',
      'registries:\n- name: a.test\n  aws_region: x\n  aws_role_arn: a\n  aws_role_arns: [b]',
      'settings.yaml:2: cannot authenticate with ECR',
    ],
    [
      'malformed YAML',
      'registries:\n- name: a.test\n  password: *hunter2',
      'settings.yaml:3: column 13: malformed YAML',
    ],
    [
      'a password that begins a quotation',
      'registries:\n- name: a.test\n  password: "a" hunter2',
      'settings.yaml:3: column 17: malformed YAML',
    ],
    [
      'a password with a reserved character',
      'registries:\n- name: a.test\n  password: @hunter2',
      'settings.yaml:3: column 13: malformed YAML',
    ],
    ['a list as the document', '- a', 'settings.yaml:1: the settings must be a map'],
  ])('%s', async (_, text, message) => {
    const shown = await failure(text);
    expect(shown).toContain(message);
    expect(shown).not.toContain('hunter2');
  });

  it('a file that is not there, or is no file, with the places that name it', async () => {
    const directory = await temporaryDirectory();
    for (const [path, reason] of [
      ['/nonexistent/a.yaml', 'no such file or directory'],
      [directory, 'it is a directory'],
    ] as const) {
      const error = await readSettings(path, noHome).catch((caught: unknown) => caught);
      expect(errorText(error)).toBe(`${path}:1: the file cannot be read: ${reason}`);
      expect(errorHint(error)).toBe(
        '--config, or else REGISTRY_IMAGE_CONFIG in the environment, names the settings file',
      );
    }
  });

  it('two documents in a file, without a hint about quotes', async () => {
    expect(await failure('a: b\n---\nc: d\n')).toBe(
      'settings.yaml:3: column 1: the file has more than one YAML document ',
    );
  });
});
