// Repository names are parsed as by go-containerregistry.
import { describe, expect, it } from 'vitest';
import { parseRepository, repositoryName } from '../../src/oci/reference.ts';
import { mayUseHttp } from '../../src/transport/plain-http.ts';
import { repositoryScope } from '../../src/transport/token.ts';
import { loadCases } from './cases.ts';

interface ReferenceCase {
  in: string;
  ok: boolean;
  registry: string;
  repository: string;
  name: string;
  scheme: string;
  scheme_insecure: string;
  pull_scope: string;
  error?: string;
}

const cases = loadCases<ReferenceCase>('reference', (vector) => vector.in);

describe('vectors of repository names', () => {
  it.each(cases)('parses the repository name $in', (vector) => {
    if (!vector.ok) {
      expect(() => parseRepository(vector.in)).toThrow();
      return;
    }
    const repository = parseRepository(vector.in);
    expect({
      registry: repository.registry,
      repository: repository.path,
      name: repositoryName(repository),
      scheme: mayUseHttp(repository, false) ? 'http' : 'https',
      scheme_insecure: mayUseHttp(repository, true) ? 'http' : 'https',
      pull_scope: repositoryScope(repository.path, 'pull'),
    }).toEqual({
      registry: vector.registry,
      repository: vector.repository,
      name: vector.name,
      scheme: vector.scheme,
      scheme_insecure: vector.scheme_insecure,
      pull_scope: vector.pull_scope,
    });
  });
});
