// No command logs a secret, whatever fails and whatever a server sends back.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { runCheck } from '../../src/command/check.ts';
import { runIn } from '../../src/command/in.ts';
import { runOut } from '../../src/command/out.ts';
import type { Command } from '../../src/process/surroundings.ts';
import { serverKeys } from '../support/certificates.ts';
import type { ReceivedRequest } from '../support/exchange.ts';
import { writeOciLayout } from '../support/image-files.ts';
import { buildImage, type Image } from '../support/images.ts';
import { file } from '../support/layers.ts';
import { type RecordingServer, startRecordingServer } from '../support/recording-server.ts';
import { errorReply, jsonReply, type Reply } from '../support/reply.ts';
import { runCommand } from '../support/run-command.ts';
import { shownSecrets } from '../support/secret-forms.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { startTunnelProxy } from '../support/tunnel-proxy.ts';

const name = 'team/image';
const awkward = '/+=&%? "<é';
const username = `leak-username${awkward}`;
const password = `leak-password${awkward}`;
const secrets = {
  username,
  password,
  basic: Buffer.from(`${username}:${password}`).toString('base64'),
  mirrorUsername: 'leak-mirror-username',
  mirrorPassword: `leak-mirror-password${awkward}`,
  proxyPassword: 'leak-proxy-password/+',
  token: 'leak-token.abcdefghijklmnop.-_~',
  refreshToken: 'leak-refresh-token-abcdefgh',
  signature: 'leak-signature-0123456789abcdef',
  locationPassword: 'leak-location-password',
  realmSecret: 'leak-realm-secret-0123456789',
};

const commands: readonly [string, Command][] = [
  ['check', runCheck],
  ['in', runIn],
  ['out', runOut],
];

let image: Image;
let place: string;

beforeEach(async () => {
  place = await temporaryDirectory();
  image = await buildImage({ layers: [[file('a')]] });
});

/** Runs a command with every secret that a source can have; returns everything that it wrote. */
async function run(
  name: string,
  command: Command,
  options: { source: object; environment?: Record<string, string> },
): Promise<{ answer: string | undefined; output: string }> {
  const directory = join(place, name);
  mkdirSync(directory);
  if (name === 'out') {
    await writeOciLayout(directory, image, { singleImageDigest: true });
  }
  const source = { tag: 'a', username, password, debug: true, ...options.source };
  const { answer, stderr } = await runCommand(command, {
    request: {
      source,
      ...(name === 'in' ? { version: { tag: 'a', digest: image.digest } } : {}),
    },
    ...(name === 'check' ? {} : { directory }),
    environment: options.environment ?? {},
  });
  return { answer, output: `${answer ?? ''}${stderr}` };
}

type Answer = (request: ReceivedRequest, server: RecordingServer) => Reply;

async function startServer(answer: Answer, tls?: typeof serverKeys.trusted): Promise<RecordingServer> {
  const server: RecordingServer = await startRecordingServer({
    ...(tls ? { tls } : {}),
    answer: (request) => answer(request, server),
  });
  return server;
}

/** Everything that the client sent, as a server may send it back in an error. */
function echo({ method, path, query, headers, body }: ReceivedRequest): string {
  return JSON.stringify({ method, path, query: String(query), headers, body: body.toString() });
}

const bearer = (server: RecordingServer) => ({
  'www-authenticate': `Bearer realm="${server.url}/token?key=${secrets.realmSecret}",service="test"`,
});

/** A registry that issues tokens and responds to authorized requests with `answer`. */
function withTokens(answer: Answer): Answer {
  return (request, server) => {
    if (request.path === '/token') {
      return jsonReply(200, { token: secrets.token, refresh_token: secrets.refreshToken });
    }
    return request.authorized ? answer(request, server) : { status: 401, headers: bearer(server) };
  };
}

const open: (answer: Answer) => Answer = (answer) => (request, server) =>
  request.path === '/v2/' ? { status: 200 } : answer(request, server);

/** Registries that fail, with a pattern that shows that the failure was logged. */
const failures: readonly [string, Answer, RegExp][] = [
  ...[400, 401, 403, 404, 429, 500, 503].flatMap((status): [string, Answer, RegExp][] => [
    [`${status} with an echo of the request`, open((request) => ({ status, body: echo(request) })), /./],
    [
      `${status} with an echo in its error document`,
      open((request) => errorReply(status, 'DENIED', `you sent ${echo(request)}`)),
      /./,
    ],
    [
      `${status} with an echo of a token`,
      withTokens((request) => (request.path === '/v2/' ? { status: 200 } : { status, body: echo(request) })),
      /./,
    ],
  ]),
  ['a ping that is refused with an echo', (request) => ({ status: 500, body: echo(request) }), /500/],
  [
    'a token server that refuses with an echo',
    (request, server) =>
      request.path === '/token'
        ? { status: 401, body: echo(request) }
        : { status: 401, headers: bearer(server) },
    /REDACTED/,
  ],
  [
    'a token server that refuses to renew a token, with an echo',
    (request, server) => {
      if (request.path !== '/token') {
        return { status: 401, headers: bearer(server) };
      }
      // The refused POST is followed by a GET with the password.
      const isRenewal = server.journal.select({ method: 'POST', path: '/token' }).length > 0;
      return isRenewal
        ? { status: 400, body: `refresh_token=${secrets.refreshToken} ${echo(request)}` }
        : jsonReply(200, { token: secrets.token, refresh_token: secrets.refreshToken });
    },
    /refresh_token=REDACTED/,
  ],
  [
    'a token server whose response has no token',
    (request, server) =>
      request.path === '/token'
        ? jsonReply(200, { refresh_token: secrets.refreshToken, id_token: secrets.token })
        : { status: 401, headers: bearer(server) },
    /has no token/,
  ],
  [
    'a token server whose response is not JSON',
    (request, server) =>
      request.path === '/token'
        ? { status: 200, body: secrets.token + echo(request) }
        : { status: 401, headers: bearer(server) },
    /has no token/,
  ],
  [
    'a realm with a password on a forbidden address',
    (_request) => ({
      status: 401,
      headers: {
        'www-authenticate': `Bearer realm="http://me:${secrets.locationPassword}@10.0.0.1/t?key=${secrets.realmSecret}"`,
      },
    }),
    /10\.0\.0\.1/,
  ],
  [
    'a redirect to a private address, with a password and a signature',
    open(() => ({
      status: 307,
      headers: { location: `http://me:${secrets.locationPassword}@10.0.0.1/b?X-Sig=${secrets.signature}` },
    })),
    /refused a redirect/,
  ],
  [
    'a redirect to a closed port, with a password and a signature',
    open((_request) => ({
      status: 307,
      headers: { location: `http://me:${secrets.locationPassword}@localhost:1/b?X-Sig=${secrets.signature}` },
    })),
    /localhost:1/,
  ],
  [
    'a redirect to an object store that refuses with an echo',
    open((request, server) =>
      request.path.startsWith('/store')
        ? { status: 403, body: `<StringToSign>${echo(request)}</StringToSign>` }
        : {
            status: 307,
            headers: {
              location: `http://me:${secrets.locationPassword}@${server.otherHost}/store?X-Sig=${secrets.signature}&n=1`,
            },
          },
    ),
    /403|DENIED/,
  ],
  [
    'a redirect to an invalid URL',
    open(() => ({
      status: 307,
      headers: { location: `http://me:${secrets.locationPassword}@[nowhere/?X-Sig=${secrets.signature}` },
    })),
    /./,
  ],
  [
    'endless redirects',
    open((request) => ({ status: 307, headers: { location: `${request.path}?X-Sig=${secrets.signature}` } })),
    /redirects/,
  ],
];

describe.each(commands)('%s', (kind, command) => {
  it.each(failures)('does not log a secret after %s', async (_name, answer, said) => {
    await using server = await startServer(answer);
    const { output } = await run(kind, command, { source: { repository: `${server.host}/${name}` } });
    // A username is not redacted in what a server sends back, because it may be an ordinary word.
    const { username: _username, ...redacted } = secrets;
    expect(output).toMatch(said);
    expect(shownSecrets(output, redacted)).toEqual([]);
    expect(server.journal.requests.length).toBeGreaterThan(0);
  });

  it('does not log the username unless a server sends it back', async () => {
    await using server = await startServer(() => ({ status: 500, body: 'no' }));
    const { output } = await run(kind, command, { source: { repository: `${server.host}/${name}` } });
    expect(output).toContain('500');
    expect(shownSecrets(output, secrets)).toEqual([]);
  });

  it('does not log the password of a proxy', async () => {
    const credentials = { user: 'proxy-user', password: secrets.proxyPassword };
    await using server = await startServer(() => ({ status: 200 }), serverKeys.trusted);
    await using proxy = await startTunnelProxy(server.port, { credentials });
    for (const url of [
      proxy.url,
      proxy.url.replace('proxy-user', 'somebody-else'),
      `http://proxy-user:${encodeURIComponent(secrets.proxyPassword)}@127.0.0.1:1`,
      `http://proxy-user:${encodeURIComponent(secrets.proxyPassword)}@proxy.invalid:3128`,
    ]) {
      const { answer, output } = await run(kind, command, {
        source: { repository: `registry.test/${name}` },
        environment: { HTTPS_PROXY: url },
      });
      expect(answer).toBeUndefined();
      expect(output).toContain('https://registry.test/v2/');
      expect(shownSecrets(output, secrets)).toEqual([]);
      place = await temporaryDirectory();
    }
    expect(new Set(proxy.targets)).toEqual(new Set(['registry.test:443']));
  });

  it.each(['untrusted', 'closed'])('does not log a secret if there is no connection: %s', async (how) => {
    await using server = await startServer(() => ({ status: 200 }), serverKeys.selfSigned);
    const host = how === 'closed' ? '127.0.0.1:1' : server.host;
    const { answer, output } = await run(kind, command, { source: { repository: `${host}/${name}` } });
    expect(answer).toBeUndefined();
    expect(output).toContain(host);
    expect(shownSecrets(output, secrets)).toEqual([]);
  });

  it('does not log a secret of an invalid request', async () => {
    const every = {
      repository: 'repository',
      username,
      password,
      aws_access_key_id: 'leak-aws-id',
      aws_secret_access_key: 'leak-aws-secret',
      aws_session_token: 'leak-aws-session',
      aws_region: 'leak-aws-region',
      aws_role_arn: 'leak-aws-role',
      registry_mirror: {
        host: 'mirror.test',
        username: 'leak-mirror-user',
        password: 'leak-mirror-password',
      },
      content_trust: {
        server: 'https://leak-server',
        repository_key_id: 'leak-key-id',
        repository_key: 'leak-key',
        repository_passphrase: 'leak-passphrase',
        tls_key: 'leak-tls-key',
        tls_cert: 'leak-tls-cert',
        username: 'leak-trust-user',
        password: 'leak-trust-password',
      },
      ca_certs: ['leak-certificate'],
    };
    const {
      aws_access_key_id,
      aws_secret_access_key,
      aws_session_token,
      aws_region,
      aws_role_arn,
      ...others
    } = every;
    const { content_trust, ...plain } = others;
    const documents: readonly string[] = [
      JSON.stringify({ source: every }),
      JSON.stringify({ source: others }),
      JSON.stringify({ source: plain }),
      JSON.stringify({
        source: {
          ...plain,
          ca_certs: ['-----BEGIN CERTIFICATE-----\nleak-certificate\n-----END CERTIFICATE-----'],
        },
      }),
      JSON.stringify({ source: { ...every, unknown: 'leak-unknown' } }),
      JSON.stringify({ source: { ...every, registry_mirror: { pasword: 'leak-mirror-password' } } }),
      JSON.stringify({ source: { ...every, content_trust: { repository_keys: 'leak-key' } } }),
      ...Object.keys(every).flatMap((key) => [
        JSON.stringify({ source: { ...every, [key]: { 'leak-key': 'leak-value' } } }),
        JSON.stringify({ source: { ...every, [key]: ['leak-value', 7] } }),
        JSON.stringify({ source: { ...every, [key]: 424242424242 } }),
      ]),
      JSON.stringify({ source: every }).slice(0, -40),
      `${JSON.stringify({ source: every }).slice(0, 80)}\u0001`,
      JSON.stringify({ source: every }).replace('"leak-aws-id"', "'leak-aws-id'"),
      `"leak-top-level"`,
      '["leak-top-level"]',
    ];
    for (const request of documents) {
      const { answer, stderr } = await runCommand(command, { request, directory: place });
      expect(answer).toBeUndefined();
      expect(stderr).toContain('ERRO');
      const quoted = stderr.replaceAll('"leak-key"', '').replaceAll('leak-unknown', '');
      expect(quoted, request).not.toMatch(/leak-(?!key)|424242424242/);
    }
  });

  it('does not log a secret if it succeeds', async () => {
    await using server = await startServer(
      withTokens(({ method, path }) => {
        if (path === '/v2/') {
          return { status: 200 };
        }
        const headers = { 'content-type': image.mediaType, 'docker-content-digest': image.digest };
        if (path.includes('/manifests/')) {
          return {
            status: method === 'PUT' ? 201 : 200,
            headers,
            body: method === 'GET' || method === 'HEAD' ? image.bytes : '',
          };
        }
        const blob = [image.config, ...image.layers].find(({ digest }) => path.endsWith(digest));
        return { status: 200, body: blob?.bytes ?? '' };
      }),
    );
    const { answer, output } = await run(kind, command, { source: { repository: `${server.host}/${name}` } });
    expect(answer, output).toBeDefined();
    expect(shownSecrets(output, secrets)).toEqual([]);
    expect(
      server.journal.requests.some(({ headers }) => headers.authorization === `Bearer ${secrets.token}`),
    ).toBe(true);
  });
});

it('the credentials of a mirror are sent to the mirror only and are not logged', async () => {
  await using mirror = await startServer(open((request) => ({ status: 403, body: echo(request) })));
  const { output } = await run('in', runIn, {
    source: {
      repository: name,
      registry_mirror: {
        host: mirror.host,
        username: secrets.mirrorUsername,
        password: secrets.mirrorPassword,
      },
    },
    environment: { HTTPS_PROXY: 'http://127.0.0.1:1' },
  });
  const { username: _name, mirrorUsername: _mirrorName, ...redacted } = secrets;
  expect(output).toMatch(/download from mirror .* failed: .*403/);
  expect(output).toContain('REDACTED');
  expect(shownSecrets(output, redacted)).toEqual([]);
  const sent = mirror.journal.requests.flatMap(({ headers }) => headers.authorization ?? []);
  expect(new Set(sent)).toEqual(
    new Set([
      `Basic ${Buffer.from(`${secrets.mirrorUsername}:${secrets.mirrorPassword}`).toString('base64')}`,
    ]),
  );
});
