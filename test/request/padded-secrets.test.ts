// White space around user names and secrets is a warning that names the key, and is sent as it is.
import { describe, expect, it } from 'vitest';
import { decodeCheckRequest, decodeOutRequest } from '../../src/request/request.ts';

const warnings = (
  source: object,
  decode: typeof decodeCheckRequest | typeof decodeOutRequest = decodeCheckRequest,
) => decode(JSON.stringify({ source })).warnings;

describe('the warnings about white space', () => {
  it.each<[object, string[]]>([
    [
      { username: 'user\n', password: 's3cr3t\r\n' },
      ['source.username ends with a line break', 'source.password ends'],
    ],
    [{ username: 'user', password: ' s3cr3t' }, ['source.password begins with white space']],
    [{ username: 'user', password: 's3cr3t\t' }, ['source.password ends with white space']],
    [{ username: 'user', password: 's3 cr3t' }, []],
    [
      {
        aws_region: 'r',
        aws_access_key_id: 'id\n',
        aws_secret_access_key: 's3cr3t\n',
        aws_session_token: 's3cr3t ',
      },
      [
        'source.aws_access_key_id ends with a line break',
        'source.aws_secret_access_key ends with a line break',
        'source.aws_session_token ends with white space',
      ],
    ],
    [
      { registry_mirror: ['a.test', { host: 'b.test', username: ' user', password: 's3cr3t\n' }] },
      [
        'source.registry_mirror[1].username begins with white space',
        'source.registry_mirror[1].password ends with a line break',
      ],
    ],
  ])('name each key, and show no value: %j', (source, expected) => {
    expect(warnings(source)).toEqual(expected.map((text) => expect.stringContaining(text)));
    expect(warnings(source).join()).not.toContain('3cr3t');
  });

  it('include content_trust in a put, but not its keys in PEM', () => {
    const source = {
      content_trust: {
        username: 'user',
        password: 's3cr3t\n',
        repository_passphrase: 's3cr3t\n',
        repository_key: '-----BEGIN PRIVATE KEY-----\n',
        tls_key: '-----BEGIN PRIVATE KEY-----\n',
      },
    };
    expect(warnings(source)).toEqual([]);
    expect(warnings(source, decodeOutRequest)).toEqual([
      expect.stringContaining('source.content_trust.password ends with a line break'),
      expect.stringContaining('source.content_trust.repository_passphrase ends with a line break'),
    ]);
  });
});

it('decodes a password with white space around it as it is', () => {
  const { source } = decodeCheckRequest(JSON.stringify({ source: { username: 'u', password: ' p\n' } }));
  expect(source.password).toBe(' p\n');
});
