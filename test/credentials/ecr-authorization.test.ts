// The response of GetAuthorizationToken: registry hosts by partition, the last password, and errors.
import { describe, expect, it } from 'vitest';
import {
  endpointHost,
  passwordOf,
  registryHost,
  repositoryOn,
} from '../../src/credentials/ecr-authorization.ts';
import { errorText, UserError } from '../../src/errors.ts';

const token = (userAndPassword: string) => ({
  authorizationToken: Buffer.from(userAndPassword).toString('base64'),
});

describe('the registry host of an account', () => {
  it.each([
    ['eu-central-1', 'amazonaws.com'],
    ['us-gov-west-1', 'amazonaws.com'],
    ['cn-north-1', 'amazonaws.com.cn'],
    ['us-iso-east-1', 'c2s.ic.gov'],
    ['us-isob-east-1', 'sc2s.sgov.gov'],
    ['us-isof-south-1', 'csp.hci.ic.gov'],
    ['eu-isoe-west-1', 'cloud.adc-e.uk'],
    ['eusc-de-east-1', 'amazonaws.eu'],
  ])('in %s has the domain %s', (region, domain) => {
    expect(registryHost('123456789012', region)).toBe(`123456789012.dkr.ecr.${region}.${domain}`);
  });

  it('is added to a repository that does not begin with it', () => {
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

  it.each([[[]], [[{}]], [[{ proxyEndpoint: '' }]]])('is an error when it is missing in %j', (data) => {
    expect(() => endpointHost(data)).toThrow(UserError);
  });
});

describe('passwordOf', () => {
  it('returns the password of the last entry without white space around it, and its expiry', () => {
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
  ])('refuses %s without quoting the token', (_name, data) => {
    const attempt = () => passwordOf(data);
    expect(attempt).toThrow(UserError);
    try {
      attempt();
    } catch (error) {
      expect(errorText(error)).not.toContain('leak');
    }
  });
});
