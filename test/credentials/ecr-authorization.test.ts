// Names and passwords of ECR registries: the right domain for each partition, the last password, no guessing.
import { describe, expect, it } from 'vitest';
import {
  endpointHost,
  passwordOf,
  registryHost,
  repositoryOn,
} from '../../src/credentials/ecr-authorization.ts';
import { errorText, UserError } from '../../src/errors.ts';

const base64 = (text: string) => Buffer.from(text).toString('base64');
const token = (text: string) => ({ authorizationToken: base64(text) });

describe('the registry of an account', () => {
  it.each([
    ['eu-central-1', 'amazonaws.com'],
    ['us-gov-west-1', 'amazonaws.com'],
    ['cn-north-1', 'amazonaws.com.cn'],
    ['us-iso-east-1', 'c2s.ic.gov'],
    ['us-isob-east-1', 'sc2s.sgov.gov'],
    ['us-isof-south-1', 'csp.hci.ic.gov'],
    ['eu-isoe-west-1', 'cloud.adc-e.uk'],
    ['eusc-de-east-1', 'amazonaws.eu'],
  ])('in %s lies below %s', (region, domain) => {
    expect(registryHost('123456789012', region)).toBe(`123456789012.dkr.ecr.${region}.${domain}`);
  });

  it('is put in front of a repository unless it is there', () => {
    expect(repositoryOn('host.example', 'team/app')).toBe('host.example/team/app');
    expect(repositoryOn('host.example', 'host.example/team/app')).toBe('host.example/team/app');
    expect(repositoryOn('host.example', 'host.example.org/app')).toBe('host.example/host.example.org/app');
  });

  it('is the endpoint of the first entry', () => {
    const first = { proxyEndpoint: 'https://1.dkr.ecr.cn-north-1.amazonaws.com.cn' };
    expect(endpointHost([first, { proxyEndpoint: 'https://other' }])).toBe(
      '1.dkr.ecr.cn-north-1.amazonaws.com.cn',
    );
  });

  it.each([[[]], [[{}]], [[{ proxyEndpoint: '' }]]])('missing in %j is an error', (data) => {
    expect(() => endpointHost(data)).toThrow(UserError);
  });
});

describe('the password', () => {
  it('is that of the last entry, without white space around it, with its end', () => {
    const last = { ...token('AWS: second \n'), expiresAt: new Date(5000) };
    expect(passwordOf([token('AWS:first'), last])).toEqual({ password: 'second', expires: 5000 });
    expect(passwordOf([token('AWS:first')])).toEqual({ password: 'first', expires: undefined });
  });

  it.each<[string, readonly object[]]>([
    ['no entry', []],
    ['an entry without a token', [{}]],
    ['no colon', [token('leak')]],
    ['two colons', [token('AWS:leak:more')]],
    ['an empty password', [token('AWS: ')]],
  ])('with %s is an error that quotes nothing', (_name, data) => {
    const attempt = () => passwordOf(data);
    expect(attempt).toThrow(UserError);
    try {
      attempt();
    } catch (error) {
      expect(errorText(error)).not.toContain('leak');
    }
  });
});
