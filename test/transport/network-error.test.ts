import { createServer as createPlainServer } from 'node:http';
import { createServer } from 'node:https';
import { connect } from 'node:tls';
import { describe, expect, it, onTestFinished, test } from 'vitest';
import { errorText, UserError } from '../../src/errors.ts';
import { hintFor } from '../../src/process/hints.ts';
import { classifyFailure } from '../../src/transport/failure.ts';
import { isUntrusted, networkError, proxyError } from '../../src/transport/network-error.ts';
import { authority, type KeyPair, serverKeys } from '../support/certificates.ts';

const url = 'https://user:s3cr3t@reg.example.com/v2/?token=s3cr3t';
const coded = (code: string, message = code, others: object = {}) =>
  Object.assign(new Error(message), { code, ...others });

test.each([
  ['ENOTFOUND', /name of the host/, /spelling/],
  ['EAI_AGAIN', /name of the host/, /DNS/],
  ['ECONNREFUSED', /nothing accepts connections/, /port/],
  ['CONNECT_TIMEOUT', /cannot be reached/, /firewall/],
  ['TUNNEL_TIMEOUT', /cannot be reached/, /firewall/],
  ['EHOSTUNREACH', /cannot be reached/, /firewall/],
  ['HPE_INVALID_CHUNK_SIZE', /breaks the rules of HTTP/, /failed while it responded/],
  ['HEADERS_TIMEOUT', /did not answer in time/, /overloaded/],
  ['ECONNRESET', /connection broke/, /cut/],
  ['CERT_HAS_EXPIRED', /not valid at this time/, /must be renewed/],
  ['ERR_TLS_CERT_ALTNAME_INVALID', /another host/, /name/],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', /not signed by/, /ca_certs/],
  ['ERR_SSL_WRONG_VERSION_NUMBER', /does not speak TLS/, /insecure: true/],
  ['EPROTO', /does not speak TLS/, /insecure: true/],
])('%s is explained, with a hint', (code, text, hint) => {
  const error = networkError('GET', url, new TypeError('failed', { cause: coded(code) }));
  expect(error.message).toMatch(/^GET https:\/\/user:xxxxx@reg\.example\.com\/v2\/\?token=REDACTED: /);
  expect(error.message).toMatch(text);
  expect(hintFor(error)).toMatch(hint);
  expect(errorText(error)).toBe(`${error.message}: ${code}`);
});

test.each([
  ['HEADERS_TIMEOUT', '', 'the server did not answer in time'],
  ['BODY_TIMEOUT', '', 'the server did not answer in time'],
  [
    'CONNECT_TIMEOUT',
    'no connection to 10.1.2.3:443 within 3000 ms',
    'the server cannot be reached: no connection to 10.1.2.3:443 within 3000 ms',
  ],
])('%s is worded once', (code, message, text) => {
  const error = networkError('GET', 'https://reg/', new TypeError('failed', { cause: coded(code, message) }));
  expect(errorText(error)).toBe(`GET https://reg/: ${text}`);
  expect(classifyFailure(error, 0)).toEqual(classifyFailure(coded(code), 0));
});

test.each([
  ['ECONNREFUSED', true],
  ['ENOTFOUND', true],
  ['CONNECT_TIMEOUT', true],
  ['TUNNEL_TIMEOUT', false],
  ['ECONNRESET', false],
  ['HEADERS_TIMEOUT', false],
  ['CERT_HAS_EXPIRED', false],
])('%s of a request through a proxy is a failure of the proxy: %j', (code, isProxy) => {
  const failure = coded(code, 'low-level reason');
  const error = proxyError('GET', 'https://reg/v2/', 'http://user:s3cr3t@proxy.test:3128/', failure);
  expect(error && errorText(error)).toBe(
    isProxy
      ? 'GET https://reg/v2/: the proxy http://proxy.test:3128 cannot be reached: low-level reason'
      : undefined,
  );
  if (error) {
    expect(classifyFailure(error, 0)).toEqual(classifyFailure(failure, 0));
  }
});

test.each([
  'write EPROTO 80AB:error:0A00010B:SSL routines:tls_validate_record_header:wrong version number:../ssl/x.c:77:\n',
  'WRONG_VERSION_NUMBER',
])('a server without TLS is reported without what OpenSSL says of it: %j', (message) => {
  const cause = coded('ERR_SSL_WRONG_VERSION_NUMBER', message);
  expect(errorText(networkError('GET', 'https://reg/', cause))).toBe(
    'GET https://reg/: the server does not speak TLS',
  );
});

test('an unknown error is quoted without secrets', () => {
  const error = networkError('GET', url, new Error('proxy http://user:s3cr3t@proxy:3128 said no'));
  expect(errorText(error)).toContain('the request failed: proxy http://proxy:3128 said no');
  expect(errorText(error)).not.toContain('s3cr3t');
});

test('the failures of all addresses of a host are one error', () => {
  const parts = [
    coded('ECONNREFUSED', 'connect ECONNREFUSED ::1:1'),
    coded('ECONNREFUSED', 'connect ECONNREFUSED 127.0.0.1:1'),
  ];
  const error = networkError(
    'GET',
    'https://localhost:1/',
    Object.assign(new AggregateError(parts, ''), { code: 'ECONNREFUSED' }),
  );
  expect(errorText(error)).toBe(
    'GET https://localhost:1/: nothing accepts connections there: connect ECONNREFUSED ::1:1; connect ECONNREFUSED 127.0.0.1:1',
  );
});

test('a UserError is returned as it is', () => {
  const error = new UserError('ca_certs[0] holds no certificate that can be read');
  expect(networkError('GET', url, error)).toBe(error);
});

test.each([
  [coded('ECONNRESET', 'read ECONNRESET', { syscall: 'read' })],
  [coded('ETIMEDOUT', 'read ETIMEDOUT', { syscall: 'read' })],
  [coded('BODY_TIMEOUT')],
  [coded('ECONNREFUSED')],
  [new AggregateError([coded('ECONNREFUSED'), coded('ECONNREFUSED')])],
])('%s is classified the same after it was explained', (error) => {
  expect(classifyFailure(networkError('GET', url, error), 0)).toEqual(classifyFailure(error, 0));
});

async function tlsFailure(keys: KeyPair, ca: readonly string[]): Promise<unknown> {
  const server = createServer({ key: keys.key, cert: keys.cert });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const address = server.address();
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  return await new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, ca: [...ca] }, () => {
      socket.destroy();
      resolve(undefined);
    });
    socket.on('error', resolve);
  });
}

describe('the certificate of a real server that is', () => {
  it.each([
    ['signed by an unknown authority', serverKeys.trusted, [], true, /ca_certs/],
    ['signed by itself', serverKeys.selfSigned, [authority], true, /ca_certs/],
    ['expired', serverKeys.expired, [authority], false, /must be renewed/],
    ['for another host', serverKeys.wrongHost, [authority], false, /name/],
  ])('%s is explained, with a hint', async (_name, keys, ca, untrusted, hint) => {
    const failure = await tlsFailure(keys, ca);
    const error = networkError('GET', 'https://127.0.0.1/', failure);
    expect(isUntrusted(failure)).toBe(untrusted);
    expect(hintFor(error)).toMatch(hint);
    expect(errorText(error)).not.toMatch(/Node|--use/);
    expect(classifyFailure(error, 0).outcome.kind).toBe('permanent');
  });

  it('valid is no failure', async () => {
    expect(await tlsFailure(serverKeys.trusted, [authority])).toBeUndefined();
    expect(isUntrusted(undefined)).toBe(false);
  });
});

test('plain http where https was expected is explained, with a hint', async () => {
  const server = createPlainServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const address = server.address();
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  const failure = await new Promise((resolve) => {
    connect({ host: '127.0.0.1', port }).on('error', resolve);
  });
  const error = networkError('GET', `https://127.0.0.1:${port}/v2/`, failure);
  expect(hintFor(error)).toContain('insecure: true');
  expect(errorText(error)).toMatch(/: the server does not speak TLS$/);
});
