// Challenges are handled as by go-containerregistry: the chosen scheme, the token request and the authorization.
import { describe, expect, test } from 'vitest';
import { basicAuthorization, bearerAuthorization } from '../../src/transport/authorization.ts';
import { parseChallenges, preferredChallenge } from '../../src/transport/challenge.ts';
import { parseTokenResponse, tokenRequest } from '../../src/transport/token.ts';
import { loadCases } from './cases.ts';

interface ChallengeCase {
  registry: string;
  ping_scheme: 'http' | 'https';
  credentials: boolean;
  scopes: string[];
  www_authenticate: string[];
  scheme: string;
  parameters: Record<string, string>;
  behaviour: 'bearer' | 'basic' | 'error';
  token_request?: { method: string; url: string; authorization: string };
  request_authorization: string;
}

const nameOf = (vector: ChallengeCase) =>
  `${vector.www_authenticate.join(' | ')} from ${vector.ping_scheme}://${vector.registry}${vector.credentials ? ', with credentials' : ''} for ${vector.scopes.join(' ')}`;

describe('vectors of challenges', () => {
  test.each(loadCases<ChallengeCase>('challenge', nameOf).map((vector) => [nameOf(vector), vector] as const))(
    'handles the challenge %s',
    (_name, vector) => {
      const challenge = preferredChallenge(parseChallenges(vector.www_authenticate));
      // Without a line that starts with a token, the whole header is the scheme.
      expect(challenge?.scheme ?? vector.www_authenticate.join('')).toBe(vector.scheme);
      expect(challenge?.parameters ?? {}).toEqual(vector.parameters);

      const credentials = vector.credentials ? { username: 'user', password: 'pass' } : undefined;
      if (challenge?.scheme !== 'bearer') {
        expect(vector.behaviour).toBe('basic');
        expect(credentials ? basicAuthorization(credentials) : '').toBe(vector.request_authorization);
        return;
      }
      const request = () =>
        tokenRequest({
          challenge,
          registry: vector.registry,
          pingScheme: vector.ping_scheme,
          scopes: vector.scopes,
          credentials,
        });
      if (vector.behaviour === 'error') {
        expect(request).toThrow();
        return;
      }
      const { method, url, headers } = request();
      expect({ method, url, authorization: headers.authorization ?? '' }).toEqual(vector.token_request);
      const { token } = parseTokenResponse(Buffer.from('{"token":"T"}'), url);
      expect(bearerAuthorization(token)).toBe(vector.request_authorization);
    },
  );
});
