// Requests are decoded by the rules of Go's encoding/json, and no error shows a value.
import { describe, expect, it } from 'vitest';
import { errorHint, errorText, UserError } from '../../src/errors.ts';
import { decodeCheckRequest, decodeInRequest, decodeOutRequest } from '../../src/request/request.ts';
import { loginSettings } from '../support/login-settings.ts';

const decoders = [
  ['check', decodeCheckRequest],
  ['in', decodeInRequest],
  ['out', decodeOutRequest],
] as const;

/** The failure as a user reads it: message with causes, and hint. */
function failure(
  decode: (input: string) => unknown,
  document: unknown,
): { text: string; hint?: string | undefined } {
  try {
    decode(typeof document === 'string' ? document : JSON.stringify(document));
  } catch (error) {
    expect(error).toBeInstanceOf(UserError);
    return { text: errorText(error), hint: errorHint(error) };
  }
  throw new Error('the document was accepted');
}

const source = (members: string) => decodeCheckRequest(`{"source":{${members}}}`).source;

const emptySource = {
  ...loginSettings,
  tag: '',
  variant: '',
  semverConstraint: '',
  preReleases: false,
  preReleasePrefixes: [],
  tagRegex: '',
  createdAtSort: false,
  labelRegex: '',
  annotationRegex: '',
  awsEcrRegistryId: '',
  registryMirrors: [],
  contentTrust: undefined,
  caCerts: [],
  platform: undefined,
  debug: false,
};

describe('decodeCheckRequest, decodeInRequest and decodeOutRequest', () => {
  it('decode every key of source for check', () => {
    const document = {
      source: {
        repository: 'some/image',
        insecure: true,
        tag: 'latest',
        variant: 'alpine',
        semver_constraint: '1.x',
        pre_releases: true,
        pre_release_prefixes: ['dev'],
        tag_regex: '^v',
        created_at_sort: true,
        label_regex: 'l',
        annotation_regex: 'a',
        username: 'user',
        password: 'secret',
        registry_mirror: { host: 'mirror.test', username: 'm', password: 'p' },
        ca_certs: ['PEM'],
        platform: { architecture: 'arm64', os: 'linux' },
        debug: true,
      },
      version: { tag: 't', digest: 'd' },
    };
    expect(decodeCheckRequest(JSON.stringify(document))).toEqual({
      source: {
        ...emptySource,
        repository: 'some/image',
        insecure: true,
        tag: 'latest',
        variant: 'alpine',
        semverConstraint: '1.x',
        preReleases: true,
        preReleasePrefixes: ['dev'],
        tagRegex: '^v',
        createdAtSort: true,
        labelRegex: 'l',
        annotationRegex: 'a',
        username: 'user',
        password: 'secret',
        registryMirrors: [{ host: 'mirror.test', servedRegistry: '', username: 'm', password: 'p' }],
        caCerts: ['PEM'],
        platform: { architecture: 'arm64', os: 'linux' },
        debug: true,
      },
      version: { tag: 't', digest: 'd' },
      warnings: [expect.stringContaining('source.tag is set')],
    });
  });

  it('decode params and version for in', () => {
    const params = { format: 'rootfs', platform: { os: 'windows' }, skip_download: false };
    expect(decodeInRequest(JSON.stringify({ source: {}, params, version: { digest: 'd' } }))).toEqual({
      source: emptySource,
      params: { format: 'rootfs', platform: { architecture: '', os: 'windows' }, skipDownload: false },
      version: { tag: '', digest: 'd' },
      warnings: [],
    });
  });

  it('decode params for out', () => {
    const params = {
      image: 'i',
      version: '1.2',
      bump_aliases: true,
      tags: ['a', 'b'],
      additional_tags: 'f',
      tag_prefix: 'p-',
      immutable_tags: ['^v'],
      on_conflict: 'skip',
    };
    expect(decodeOutRequest(JSON.stringify({ source: {}, params }))).toEqual({
      source: emptySource,
      params: {
        image: { kind: 'image', glob: 'i' },
        version: '1.2',
        versionFile: '',
        bumpAliases: true,
        tags: ['a', 'b'],
        additionalTags: 'f',
        tagPrefix: 'p-',
        immutableTags: ['^v'],
        onConflict: 'skip',
        annotations: {},
        compression: undefined,
        uniqueSuffix: false,
        onlyIfChanged: false,
        cleanup: undefined,
        referrers: true,
        allowRepositories: [],
      },
      warnings: [],
    });
  });

  it('decode null and an empty object to zero values', () => {
    for (const document of ['null', '{}', '{"source":null,"version":null}']) {
      expect(decodeCheckRequest(document)).toEqual({ source: emptySource, version: undefined, warnings: [] });
    }
    for (const document of ['null', '{"params":null,"version":null}']) {
      expect(decodeInRequest(document)).toMatchObject({
        params: { format: 'rootfs', platform: undefined, skipDownload: false },
        version: { tag: '', digest: '' },
      });
    }
    expect(decodeOutRequest('null').params).toEqual({
      image: { kind: 'image', glob: '' },
      version: '',
      versionFile: '',
      bumpAliases: false,
      tags: [],
      additionalTags: '',
      tagPrefix: '',
      immutableTags: false,
      onConflict: 'fail',
      annotations: {},
      compression: undefined,
      uniqueSuffix: false,
      onlyIfChanged: false,
      cleanup: undefined,
      referrers: true,
      allowRepositories: [],
    });
  });

  it('decode empty values to the same as absent ones', () => {
    const empty = JSON.stringify({
      repository: '',
      insecure: false,
      tag: '',
      aws_region: '',
      aws_role_arns: [],
      azure_acr: false,
      azure_client_id: '',
      google_auth: false,
      aws_ecr_registry_id: '',
      content_trust: null,
      registry_mirror: null,
      platform: null,
      ca_certs: null,
    });
    const params = JSON.stringify({
      image: '',
      version: '',
      version_file: '',
      bump_aliases: false,
      tags: [],
      additional_tags: '',
      tag_prefix: '',
      immutable_tags: false,
      on_conflict: '',
    });
    expect(decodeOutRequest(`{"source":${empty},"params":${params}}`)).toEqual(decodeOutRequest('{}'));
  });
});

describe('keys', () => {
  it('match in any letter case, by Unicode folding', () => {
    const request = decodeInRequest('{"Source":{"REPOSITORY":"r","uſername":"u"},"Version":{"Tag":"t"}}');
    expect(request.source).toMatchObject({ repository: 'r', username: 'u' });
    expect(request.version.tag).toBe('t');
  });

  it('count by the last string, boolean or list when they are repeated', () => {
    const members =
      '"repository":"a","Repository":"b","insecure":true,"insecure":false,"ca_certs":["a"],"ca_certs":["b"]';
    expect(source(members)).toMatchObject({ repository: 'b', insecure: false, caCerts: ['b'] });
  });

  it('have their objects merged when they are repeated', () => {
    const request = decodeCheckRequest(
      '{"source":{"repository":"a","tag":"t"},"SOURCE":{"tag":"u","platform":{"os":"o"},"platform":{"architecture":"a"}}}',
    );
    expect(request.source).toMatchObject({
      repository: 'a',
      tag: 'u',
      platform: { os: 'o', architecture: 'a' },
    });
  });

  it('lose a tag, a list and an optional object, and nothing else, to a null that follows', () => {
    const members = [
      '"repository":"a"',
      '"debug":true',
      '"tag":"t"',
      '"ca_certs":["c"]',
      '"platform":{"os":"o"}',
    ];
    const nulls = ['"repository":null', '"debug":null', '"tag":null', '"ca_certs":null', '"platform":null'];
    expect(source([...members, ...nulls].join(','))).toEqual({
      ...emptySource,
      repository: 'a',
      debug: true,
    });
  });

  it.each<[string, object[]]>([
    ['{"host":"a"}', [{ host: 'a' }]],
    ['null', []],
    ['{}', [{ host: '' }]],
    ['[]', []],
    ['["a","b:1"]', [{ host: 'a' }, { host: 'b:1' }]],
    [
      '["a",{"host":"b","for":"ghcr.io","username":"u","password":"p"}]',
      [{ host: 'a' }, { host: 'b', servedRegistry: 'ghcr.io', username: 'u', password: 'p' }],
    ],
    ['{"host":"a"},"registry_mirror":{"username":"u"}', [{ host: 'a', username: 'u' }]],
    ['{"host":"a"},"registry_mirror":null', []],
    ['{"host":"a"},"registry_mirror":null,"registry_mirror":{"username":"u"}', [{ host: '', username: 'u' }]],
    ['["a"],"registry_mirror":["b"]', [{ host: 'b' }]],
    ['["a"],"registry_mirror":{"host":"b"}', [{ host: 'b' }]],
    ['{"host":"a"},"registry_mirror":["b"]', [{ host: 'b' }]],
    ['["a"],"registry_mirror":null', []],
  ])('read one object or a list from registry_mirror: %s', (value, expected) => {
    const whole = { servedRegistry: '', username: '', password: '' };
    expect(source(`"registry_mirror":${value}`).registryMirrors).toEqual(
      expected.map((mirror) => ({ ...whole, ...mirror })),
    );
  });

  it.each([
    ['"a"', 'string into field "source.registry_mirror" of type object'],
    ['[1]', 'number into field "source.registry_mirror[0]" of type object'],
    ['["a",null]', 'null into field "source.registry_mirror[1]" of type object'],
    ['["a",{"hosts":"b"}]', 'unknown field "source.registry_mirror[1].hosts"'],
    ['[{"host":1}]', 'number into field "source.registry_mirror[0].host" of type string'],
  ])('refuse %s in registry_mirror', (value, text) => {
    expect(failure(decodeCheckRequest, `{"source":{"registry_mirror":${value}}}`).text).toContain(text);
  });

  it.each([
    ['check', '{"source":{"tagg":1}}', 'source.tagg', 'did you mean tag?'],
    [
      'check',
      '{"source":{"Semver-Constraint":""}}',
      'source.Semver-Constraint',
      'did you mean semver_constraint?',
    ],
    ['check', '{"params":{}}', 'params', 'known: source, version'],
    ['check', '{"version":{"sha":""}}', 'version.sha', 'known: tag, digest'],
    [
      'check',
      '{"source":{"platform":{"version":"v8"}}}',
      'source.platform.version',
      'known: architecture, os, variant',
    ],
    [
      'check',
      '{"source":{"registry_mirror":{"hots":""}}}',
      'source.registry_mirror.hots',
      'known: host, for, username, password',
    ],
    ['in', '{"params":{"image":""}}', 'params.image', 'image belongs to the params of a put'],
    ['in', '{"params":{"platform":{"arch":""}}}', 'params.platform.arch', 'known: architecture, os, variant'],
    ['out', '{"version":{}}', 'version', 'known: source, params'],
    [
      'out',
      '{"source":{"content_trust":{"servers":""}}}',
      'source.content_trust.servers',
      'did you mean server?',
    ],
    ['out', '{"source":{"a\\"\\u001b":""}}', 'source.a"\u001b', undefined],
  ])('are an error for %s when they are unknown: %s', (command, document, path, hint) => {
    const decode = decoders.find(([name]) => name === command)![1];
    const { text, hint: given } = failure(decode, document);
    expect(text).toBe(`invalid payload: unknown field ${JSON.stringify(path)}`);
    expect(given).toEqual(hint ?? expect.stringMatching(/^known: repository, insecure, username/));
  });

  it('are shortened in the message when they are unknown and very long', () => {
    expect(failure(decodeCheckRequest, { ['k'.repeat(1_000_000)]: 1 }).text.length).toBeLessThan(200);
  });
});

describe('values', () => {
  it.each([
    ['"foo"', 'foo'],
    ['"1.10"', '1.10'],
    ['42', '42'],
    ['42.1', '42.1'],
    ['1.10', '1.10'],
    ['1e3', '1e3'],
    ['12345678901234567890', '12345678901234567890'],
    ['true', 'true'],
    ['false', 'false'],
    ['null', ''],
    ['""', ''],
  ])('read the tag %s as the string %j', (written, tag) => {
    expect(source(`"tag":${written}`).tag).toBe(tag);
  });

  it('read null in a list as an empty string', () => {
    expect(source('"ca_certs":["a",null]').caCerts).toEqual(['a', '']);
  });

  it.each([
    ['{"source":{"tag":{"a":1}}}', 'object', 'field "source.tag"', 'string or number'],
    ['{"source":{"tag":[1]}}', 'list', 'field "source.tag"', 'string or number'],
    ['{"source":{"Repository":5}}', 'number', 'field "source.repository"', 'string'],
    ['{"source":{"aws_account_id":123456789012}}', 'number', 'field "source.aws_account_id"', 'string'],
    ['{"source":{"debug":"true"}}', 'string', 'field "source.debug"', 'boolean'],
    ['{"source":{"debug":"yes","debug":true}}', 'string', 'field "source.debug"', 'boolean'],
    ['{"source":{"ca_certs":"PEM"}}', 'string', 'field "source.ca_certs"', 'list of strings'],
    ['{"source":{"ca_certs":["a",true]}}', 'boolean', 'field "source.ca_certs[1]"', 'string'],
    ['{"source":{"platform":"linux"}}', 'string', 'field "source.platform"', 'object'],
    ['{"source":[]}', 'list', 'field "source"', 'object'],
    ['{"version":{"tag":42}}', 'number', 'field "version.tag"', 'string'],
    ['[]', 'list', 'the request', 'object'],
    ['12', 'number', 'the request', 'object'],
  ])('are an error when their type is wrong: %s', (document, found, place, expected) => {
    const { text, hint } = failure(decodeCheckRequest, document);
    expect(text).toBe(`invalid payload: cannot unmarshal ${found} into ${place} of type ${expected}`);
    expect(hint).toMatch(/^write /);
  });

  it('are an error when params.version is a number', () => {
    expect(failure(decodeOutRequest, '{"params":{"version":1.2}}').text).toBe(
      'invalid payload: cannot unmarshal number into field "params.version" of type string',
    );
  });
});

describe('the document on standard input', () => {
  it.each(decoders)('is an error for %s when it is empty, truncated or malformed', (_, decode) => {
    expect(failure(decode, ' \n').text).toBe('invalid payload: EOF');
    expect(failure(decode, '{"source":').text).toBe('invalid payload: unexpected EOF');
    expect(failure(decode, '{"source":}').text).toMatch(
      /^invalid payload: syntax error at line 1, column 11: /,
    );
  });

  it('is read as UTF-8: invalid bytes are replaced, and a byte-order mark is an error', () => {
    const bytes = Buffer.from('{"source":{"repository":"a?b"}}');
    bytes[bytes.indexOf('?')] = 0xff;
    expect(decodeCheckRequest(bytes).source.repository).toBe('a\ufffdb');
    const marked = Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), bytes]);
    expect(() => decodeCheckRequest(marked)).toThrow(
      expect.objectContaining({
        cause: expect.objectContaining({ message: expect.stringContaining('byte-order mark') }),
      }),
    );
  });

  it('must not be followed by anything but white space', () => {
    expect(() => decodeCheckRequest('{"source":{"tag":"t"}}\n{"source":')).toThrow(
      expect.objectContaining({
        cause: expect.objectContaining({ message: expect.stringContaining('line 2, column 1') }),
      }),
    );
    expect(decodeCheckRequest('{"source":{"tag":"t"}} \n').source.tag).toBe('t');
  });
});

describe('the secrets of a request', () => {
  const marker = 'HUNTER2';
  const document = JSON.stringify({
    source: {
      repository: `${marker}-repository`,
      username: `${marker}"user\\`,
      password: `${marker}\n\u00e9😀`,
      ca_certs: [`${marker}-cert`],
      registry_mirror: { host: marker, username: marker, password: marker },
    },
  });

  const expectNoMarker = (broken: string | Uint8Array) => {
    let shown = '';
    try {
      decodeCheckRequest(broken);
    } catch (error) {
      expect(error).toBeInstanceOf(UserError);
      shown = `${errorText(error)} ${errorHint(error)}`;
      expect(shown).toMatch(/^invalid payload: /);
    }
    expect(shown).not.toMatch(/HUN|TER2/);
    return shown;
  };

  it('are in no error, wherever the document is truncated', () => {
    const bytes = Buffer.from(document);
    for (let length = 0; length < bytes.length; length += 1) {
      expect(expectNoMarker(bytes.subarray(0, length))).not.toBe('');
    }
  });

  it.each(['\u0001', 'x', '\\', ']', '"', ':'])(
    'are in no error, wherever %j is inserted into the document',
    (inserted) => {
      for (let at = 0; at < document.length; at += 1) {
        expectNoMarker(document.slice(0, at) + inserted + document.slice(at));
      }
    },
  );

  it('are in no error about a value of the wrong type', () => {
    for (const value of [[marker], { [marker]: marker }]) {
      for (const key of ['repository', 'password', 'tag', 'debug']) {
        expect(expectNoMarker(JSON.stringify({ source: { [key]: value } }))).toContain(`source.${key}`);
      }
    }
    for (const key of ['debug', 'ca_certs', 'platform', 'registry_mirror']) {
      expect(expectNoMarker(JSON.stringify({ source: { [key]: marker } }))).toContain(`source.${key}`);
    }
  });
});

it.each<[string, unknown]>([
  ['a string of JSON', '{"auths": {"a.test": {"auth": "x"}}}'],
  ['an object', { auths: { 'a.test': { auth: 'x', n: [1.5, null, true] } }, unknown: {} }],
  ['a path', '/root/.docker/config.json'],
])('reads source.docker_config from %s, with any members', (_case, docker_config) => {
  const { source } = decodeCheckRequest(JSON.stringify({ source: { docker_config } }));
  const { dockerConfig } = source;
  expect(typeof docker_config === 'string' ? dockerConfig : JSON.parse(dockerConfig)).toEqual(docker_config);
});

describe('params.format', () => {
  it.each(['tar', 'OCI', 'oci_layout', 'rootfs '])(
    'is an error that names the allowed values when it is %j',
    (format) => {
      expect(failure(decodeInRequest, { params: { format } }).text).toBe(
        `unknown format provided, must be one of 'rootfs', 'oci', 'oci-layout': ${JSON.stringify(format)}`,
      );
    },
  );

  it('is an error that suggests the nearest value', () => {
    expect(failure(decodeInRequest, { params: { format: 'oci_layout' } }).hint).toBe(
      'did you mean oci-layout?',
    );
    expect(failure(decodeInRequest, { params: { format: 'tar' } }).hint).toBeUndefined();
  });

  it('is not checked when nothing is downloaded', () => {
    const { params } = decodeInRequest('{"params":{"format":"tar","skip_download":true}}');
    expect(params.skipDownload).toBe(true);
  });
});

describe('source.aws_role_arn and source.aws_role_arns', () => {
  const region = { aws_region: 'eu-central-1' };

  it.each<[object, string[]]>([
    [{ ...region }, []],
    [{ ...region, aws_role_arn: 'a' }, ['a']],
    [{ ...region, aws_role_arns: ['a', 'b'] }, ['a', 'b']],
    [{ ...region, aws_role_arn: '', aws_role_arns: ['a'] }, ['a']],
    [{ ...region, aws_role_arn: 'a', aws_role_arns: [] }, ['a']],
  ])('become one list of roles: %j', (written, expected) => {
    expect(decodeCheckRequest(JSON.stringify({ source: written })).source.awsRoles).toEqual(expected);
  });

  it.each(decoders)('are an error for %s when both are set', (_, decode) => {
    const both = { ...region, aws_role_arn: 'secret-a', aws_role_arns: ['secret-b'] };
    const { text, hint } = failure(decode, { source: both });
    expect(text).toBe('cannot authenticate with ECR: aws_role_arn and aws_role_arns are both set');
    expect(hint).toContain('remove aws_role_arn');
  });

  it('have no effect without aws_region, which is a warning', () => {
    const { warnings } = decodeCheckRequest('{"source":{"aws_role_arn":"a","aws_role_arns":["b"]}}');
    expect(warnings).toEqual([expect.stringContaining('aws_role_arn, aws_role_arns without aws_region')]);
  });
});

describe('the warnings of a request', () => {
  it.each(decoders)('of %s say that aws_ecr_registry_id has no effect, without its value', (_, decode) => {
    const { warnings } = decode('{"source":{"aws_ecr_registry_id":"123456789012"}}');
    expect(warnings).toEqual(['source.aws_ecr_registry_id is deprecated and has no effect: remove it']);
  });
});
