// The ping finds out whether a registry speaks https or http, without long waits and without weakening https.
import { Readable } from 'node:stream';
import { describe, expect, it, onTestFinished } from 'vitest';
import { causes, errorText } from '../../src/errors.ts';
import { parseRepository } from '../../src/oci/reference.ts';
import { hintFor } from '../../src/process/hints.ts';
import { classifyFailure } from '../../src/transport/failure.ts';
import type { HttpClient, HttpRequest } from '../../src/transport/http-client.ts';
import { ping } from '../../src/transport/ping.ts';
import { httpHeadStart } from '../../src/transport/time-limits.ts';
import { serverKeys } from '../support/certificates.ts';
import { createFakeClock, type FakeClock } from '../support/fake-clock.ts';
import { startRecordingServer } from '../support/recording-server.ts';
import { startRegistry, type TestRegistry } from '../support/registry.ts';
import type { Reply } from '../support/reply.ts';
import { testClient, trusting } from '../support/test-session.ts';

/** A client whose two schemes answer when the test says so. */
function racingClient() {
  const requests: HttpRequest[] = [];
  const answers = { https: Promise.withResolvers<Reply>(), http: Promise.withResolvers<Reply>() };
  const asked = { https: Promise.withResolvers<void>(), http: Promise.withResolvers<void>() };
  const aborted: string[] = [];
  const client: HttpClient = {
    async send(request) {
      requests.push(request);
      const scheme = request.url.startsWith('https:') ? 'https' : 'http';
      asked[scheme].resolve();
      const gone = new Promise<never>((_, reject) => {
        request.signal?.addEventListener('abort', () => {
          aborted.push(scheme);
          reject(request.signal?.reason);
        });
      });
      gone.catch(() => {});
      const { status, headers = {}, body = '' } = await Promise.race([answers[scheme].promise, gone]);
      return { url: request.url, status, headers, body: Readable.from([Buffer.from(body)]) };
    },
    close: async () => {},
  };
  return { client, requests, answers, asked, aborted };
}

function broken(code: string): Error {
  return Object.assign(new Error(code), { code });
}

const eligible = parseRepository('localhost:5000/app');
const ineligible = parseRepository('registry.example/app');

function race(clock: FakeClock = createFakeClock('manual'), repository = eligible, insecure = false) {
  const parts = racingClient();
  const outcome = ping(parts.client, repository, { insecure, clock });
  outcome.catch(() => {});
  return { ...parts, clock, outcome };
}

describe('the race of https and http', () => {
  it('sends nothing over http when https responds within the head start', async () => {
    const { answers, outcome, requests, clock } = race();
    answers.https.resolve({ status: 200 });
    expect(await outcome).toEqual({ scheme: 'https', challenges: [] });
    expect(requests.map(({ url }) => url)).toEqual(['https://localhost:5000/v2/']);
    expect([clock.waits, clock.sleeping]).toEqual([[httpHeadStart], 0]);
    clock.advance(1000);
    await Promise.resolve();
    expect(requests).toHaveLength(1);
  });

  it('starts http after the head start, and aborts the loser', async () => {
    const { answers, asked, outcome, requests, clock, aborted } = race();
    await clock.untilSleeping(1);
    clock.advance(httpHeadStart - 1);
    await Promise.resolve();
    expect(requests).toHaveLength(1);
    clock.advance(1);
    await asked.http.promise;
    answers.http.resolve({ status: 200 });
    expect(await outcome).toEqual({ scheme: 'http', challenges: [] });
    expect(aborted).toContain('https');
  });

  it('is won by https when that responds first, even after http has started', async () => {
    const { answers, asked, outcome, clock, aborted } = race();
    await clock.untilSleeping(1);
    clock.advance(httpHeadStart);
    await asked.http.promise;
    answers.https.resolve({ status: 401, headers: { 'www-authenticate': 'Basic realm="x"' } });
    expect(await outcome).toMatchObject({
      scheme: 'https',
      challenges: [{ scheme: 'basic', parameters: { realm: 'x' } }],
    });
    expect(aborted).toContain('http');
  });

  it('starts http as soon as https has failed', async () => {
    const { answers, asked, outcome, clock } = race();
    answers.https.reject(broken('ECONNREFUSED'));
    await asked.http.promise;
    answers.http.resolve({ status: 200 });
    expect(await outcome).toMatchObject({ scheme: 'http' });
    expect(clock.sleeping).toBe(0);
  });

  it('waits for https when http fails first', async () => {
    const { answers, asked, outcome, clock } = race();
    await clock.untilSleeping(1);
    clock.advance(httpHeadStart);
    await asked.http.promise;
    answers.http.reject(broken('ECONNRESET'));
    await Promise.resolve();
    answers.https.resolve({ status: 200 });
    expect(await outcome).toMatchObject({ scheme: 'https' });
  });

  it('fails with both errors, https first', async () => {
    const { answers, asked, outcome } = race();
    answers.https.reject(broken('DEPTH_ZERO_SELF_SIGNED_CERT'));
    await asked.http.promise;
    answers.http.resolve({ status: 400, body: 'Client sent an HTTP request to an HTTPS server.' });
    const error = await outcome.catch((caught: unknown) => caught);
    expect(errorText(error)).toMatch(
      /^no answer from localhost:5000 over https or http: GET https:.*; GET http:.*400 Bad Request/s,
    );
    expect(hintFor(error)).toContain('ca_certs');
  });

  it('fails with what a server without TLS says over http alone', async () => {
    const { answers, asked, outcome } = race();
    answers.https.reject(broken('ERR_SSL_WRONG_VERSION_NUMBER'));
    await asked.http.promise;
    answers.http.resolve({ status: 429, body: '{"errors":[{"code":"TOOMANYREQUESTS","message":"later"}]}' });
    const error = await outcome.catch((caught: unknown) => caught);
    expect(errorText(error)).toBe('GET http://localhost:5000/v2/: TOOMANYREQUESTS: later');
    expect(classifyFailure(error, 0).outcome).toMatchObject({ kind: 'status', status: 429 });
    expect(hintFor(error)).toContain('limits how often');
  });

  it.each<[string, Error | Reply]>([
    ['refuses plain http as a server with TLS does', { status: 400 }],
    ['breaks the connection', broken('ECONNRESET')],
  ])('fails with both errors when a server without TLS %s over http', async (_name, http) => {
    const { answers, asked, outcome } = race();
    answers.https.reject(broken('ERR_SSL_WRONG_VERSION_NUMBER'));
    await asked.http.promise;
    if (http instanceof Error) {
      answers.http.reject(http);
    } else {
      answers.http.resolve(http);
    }
    const error = await outcome.catch((caught: unknown) => caught);
    expect(errorText(error)).toMatch(/^no answer from .*: the server does not speak TLS.*; GET http:/);
    expect(hintFor(error) ?? '').not.toContain('insecure');
  });

  it.each<[string, Error | Reply, Error | Reply, object]>([
    ['429 over https', { status: 429 }, broken('ECONNREFUSED'), { kind: 'status', status: 429 }],
    ['429 over http', broken('EPROTO'), { status: 429 }, { kind: 'status', status: 429 }],
    ['reset over https', broken('ECONNRESET'), broken('ECONNREFUSED'), { kind: 'reset' }],
    ['reset over http', broken('EPROTO'), broken('ECONNRESET'), { kind: 'reset' }],
    ['both refused', broken('ECONNREFUSED'), broken('ECONNREFUSED'), { kind: 'unreachable' }],
  ])('has errors that the retry policy can classify: %s', async (_name, https, http, expected) => {
    const { answers, asked, outcome } = race();
    for (const [scheme, result] of [
      ['https', https],
      ['http', http],
    ] as const) {
      await asked[scheme].promise;
      if (result instanceof Error) {
        answers[scheme].reject(result);
      } else {
        answers[scheme].resolve(result);
      }
    }
    const error = await outcome.catch((caught: unknown) => caught);
    expect([...causes(error)].length).toBeGreaterThan(1);
    expect(classifyFailure(error, 0).outcome).toMatchObject(expected);
  });
});

describe('a registry for which http is not allowed', () => {
  it('is never pinged over http, however https fails', async () => {
    const { answers, outcome, requests, clock } = race(createFakeClock(), ineligible);
    answers.https.reject(broken('EPROTO'));
    await expect(outcome).rejects.toThrow('GET https://registry.example/v2/: the server does not speak TLS');
    expect(requests).toHaveLength(1);
    expect(clock.waits).toEqual([]);
  });

  it('is pinged over http with insecure', async () => {
    const { answers, asked, outcome } = race(createFakeClock('manual'), ineligible, true);
    answers.https.reject(broken('EPROTO'));
    await asked.http.promise;
    answers.http.resolve({ status: 200 });
    expect(await outcome).toMatchObject({ scheme: 'http' });
  });
});

describe('the response to a ping', () => {
  const over = async (answer: Reply | ((path: string) => Reply)) => {
    await using server = await startRecordingServer({
      answer: ({ path }) => (typeof answer === 'function' ? answer(path) : answer),
    });
    return await ping(testClient(), parseRepository(`${server.host}/app`), {
      insecure: false,
      clock: createFakeClock(),
    });
  };

  it.each<[string, Reply, object]>([
    ['200', { status: 200 }, { scheme: 'http', challenges: [] }],
    ['401 without a challenge', { status: 401 }, { scheme: 'http', challenges: [] }],
    [
      '401 with something unreadable',
      { status: 401, headers: { 'www-authenticate': '"?"' } },
      { scheme: 'http', challenges: [] },
    ],
    [
      '401 with a challenge',
      { status: 401, headers: { 'www-authenticate': 'Bearer realm="r",service="s"' } },
      {
        scheme: 'http',
        challenges: [{ scheme: 'bearer', parameters: { realm: 'r', service: 's' } }],
      },
    ],
  ])('is read: %s', async (_name, reply, expected) => {
    expect(await over(reply)).toEqual(expected);
  });

  it.each([204, 403, 404, 429, 500])('with status %i is an error', async (status) => {
    await expect(over({ status, body: status === 204 ? '' : 'no' })).rejects.toThrow(
      `/v2/: unexpected status code ${status}`,
    );
  });

  it('is that of the last redirect', async () => {
    const path = (at: string) =>
      at === '/v2/' ? { status: 302, headers: { location: '/moved' } } : { status: 200 };
    expect(await over(path)).toMatchObject({ challenges: [] });
  });

  it('that redirects in a circle is an error', async () => {
    const error = await over({ status: 302, headers: { location: '/v2/' } }).catch(
      (caught: unknown) => caught,
    );
    expect(errorText(error)).toContain('stopped after 10 redirects');
  });
});

describe('a ping that is redirected', () => {
  const challenge = { 'www-authenticate': 'Bearer realm="https://auth.example/token"' };

  async function pinged(options: {
    insecure: boolean;
    secureOnly?: boolean;
    to: 'own host' | 'another host';
  }) {
    const plain = await startRecordingServer({ answer: () => ({ status: 401, headers: challenge }) });
    onTestFinished(() => plain.close());
    const registry: TestRegistry = await startRegistry({ tls: serverKeys.trusted });
    onTestFinished(() => registry.close());
    const to = options.to === 'own host' ? `http://${registry.host}/v2/` : `http://${plain.otherHost}/v2/`;
    registry.faults.add({ path: '/v2/', fault: { kind: 'redirect', to } });
    const outcome = ping(testClient(), parseRepository(`${registry.host}/app`), {
      ...options,
      clock: createFakeClock(),
    });
    return { plain, outcome };
  }

  it.each(['own host', 'another host'] as const)('from https to http on %s is refused', async (to) => {
    const { plain, outcome } = await pinged({ insecure: false, to });
    const error = await outcome.catch((caught: unknown) => caught);
    expect(errorText(error)).toMatch(/GET https:\S+: refused to continue over http at http:/);
    expect(plain.journal.requests).toHaveLength(0);
  });

  it.each(['own host', 'another host'] as const)(
    'from https to http on %s is refused with secureOnly, also with insecure',
    async (to) => {
      const { plain, outcome } = await pinged({ insecure: true, secureOnly: true, to });
      const error = await outcome.catch((caught: unknown) => caught);
      expect(errorText(error)).toMatch(/GET https:\S+: refused to continue over http at http:/);
      expect(plain.connections).toBe(0);
    },
  );

  it('from https to http is followed with insecure, but the challenge of another host is ignored', async () => {
    const { plain, outcome } = await pinged({ insecure: true, to: 'another host' });
    expect(await outcome).toEqual({ scheme: 'https', challenges: [] });
    expect(plain.journal.requests).toHaveLength(1);
  });

  it('to another host on the same scheme finds no challenge there', async () => {
    await using other = await startRecordingServer({ answer: () => ({ status: 401, headers: challenge }) });
    await using server = await startRecordingServer({
      answer: () => ({ status: 302, headers: { location: `http://${other.otherHost}/v2/` } }),
    });
    const clock = createFakeClock();
    const outcome = ping(testClient(), parseRepository(`${server.host}/app`), { insecure: false, clock });
    expect(await outcome).toEqual({ scheme: 'http', challenges: [] });
  });
});

describe('TLS: the ping', () => {
  it('sends no http request to a server that responds over TLS', async () => {
    await using registry = await startRegistry({ tls: serverKeys.trusted });
    const answer = await ping(testClient(), parseRepository(`${registry.host}/app`), {
      insecure: false,
      clock: createFakeClock('manual'),
    });
    expect(answer).toEqual({ scheme: 'https', challenges: [] });
    expect(registry.journal.lines).toEqual(['GET /v2/']);
  });

  it('fails with a hint for an untrusted certificate, and sends no request', async () => {
    await using registry = await startRegistry({ tls: serverKeys.trusted });
    const outcome = ping(testClient({ trustRoots: trusting() }), parseRepository(`${registry.host}/app`), {
      insecure: true,
      clock: createFakeClock(),
    });
    const error = await outcome.catch((caught: unknown) => caught);
    expect(hintFor(error)).toContain('ca_certs');
    expect(registry.requests).toHaveLength(0);
  });

  it('never uses http with secureOnly, not even on this machine', async () => {
    await using registry = await startRegistry();
    const asked = (secureOnly: boolean) =>
      ping(testClient(), parseRepository(`${registry.host}/app`), {
        insecure: true,
        secureOnly,
        clock: createFakeClock(),
      });
    await expect(asked(true)).rejects.toThrow();
    expect(registry.requests).toHaveLength(0);
    expect(await asked(false)).toMatchObject({ scheme: 'http' });
  });
});
