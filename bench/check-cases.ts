// Cases of check: one tag over http and over TLS, and many tags of a registry that is far away.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { authority } from '../test/support/certificates.ts';
import { type Case, shortRuns, transferRuns } from './case.ts';
import { installedTools, resourceContender } from './contenders.ts';
import type { Goal } from './goals.ts';
import { measure } from './measure.ts';
import { startCountingProxy } from './promotion/counting-proxy.ts';
import type { BenchRegistry } from './registry.ts';
import type { BenchSetup } from './setup.ts';

const nodeLimit: Goal = { kind: 'value', own: 'Node', figure: 'wall', bound: { atMost: 0.08 } };
const oneTagGoals: readonly Goal[] = [
  { kind: 'ratio', own: 'native', peers: ['upstream'], figure: 'cpu', bound: { atMost: 0.65 } },
  { kind: 'ratio', own: 'native', peers: ['upstream'], figure: 'wall', bound: { atMost: 0.75 } },
  nodeLimit,
];

/** `check` of one tag over http. */
export function checkCase(setup: BenchSetup, repository: string): Case {
  const { directory, resources, runs } = setup;
  const name = `${setup.host}/${repository}`;
  const source = { repository: name, tag: 'latest' };
  return {
    title: 'check of one tag, http',
    runs: shortRuns(runs),
    contenders: [
      ...resources.map((resource) => resourceContender(directory, resource, 'check', () => ({ source }))),
      ...installedTools(directory, [
        {
          name: 'skopeo',
          needs: ['skopeo'],
          script: `exec skopeo inspect --tls-verify=false --no-tags docker://${name}:latest`,
        },
        { name: 'crane', needs: ['crane'], script: `exec crane digest --insecure ${name}:latest` },
        {
          name: 'regctl',
          needs: ['regctl'],
          script: `exec regctl --host reg=${setup.host},tls=disabled image digest ${name}:latest`,
        },
        { name: 'oras', needs: ['oras'], script: `exec oras resolve --plain-http ${name}:latest` },
      ]),
    ],
    goals: oneTagGoals,
  };
}

const systemBundle = '/etc/ssl/certs/ca-certificates.crt';

/** `check` of one tag over TLS, where the system's roots and that of the registry are trusted. */
export async function tlsCheckCase(
  setup: BenchSetup,
  registry: BenchRegistry,
  repository: string,
): Promise<Case> {
  const { directory, resources, runs } = setup;
  const system = await readFile(systemBundle, 'utf8').catch(() => '');
  const bundle = join(directory, 'roots.pem');
  await writeFile(bundle, `${system}\n${authority}`);
  const source = { repository: `${registry.host}/${repository}`, tag: 'latest' };
  const environment = { SSL_CERT_FILE: bundle };
  return {
    title: `check of one tag, TLS with ${system === '' ? 'one root' : "the system's roots"}`,
    runs: shortRuns(runs),
    contenders: resources.map((resource) =>
      resourceContender(directory, resource, 'check', () => ({ source }), { environment }),
    ),
    goals: oneTagGoals,
  };
}

// The oldest version with another digest, so that the digests of all versions are requested.
const cursor = { tag: '1.0.0', digest: `sha256:${'0'.repeat(64)}` };

/** `check` of all versions in the repository `tags` of a registry with a high latency. */
export function manyTagsCase(setup: BenchSetup, host: string, tags: number, delay: number): Case {
  const { directory, resources, runs } = setup;
  const request = (registry: string) => ({ source: { repository: `${registry}/tags` }, version: cursor });
  return {
    title: `check of ${tags} tags, ${delay} ms round trip`,
    runs: transferRuns(runs),
    contenders: resources.map((resource) => {
      const check = (registry: string) =>
        resourceContender(directory, resource, 'check', () => request(registry));
      const count = async () => {
        await using proxy = await startCountingProxy(host);
        await measure(await check(proxy.host).prepare(0));
        await using throttling = await startCountingProxy(host, { after: tags / 2, seconds: 1 });
        await measure(await check(throttling.host).prepare(0));
        const { requests, connections } = proxy;
        return { requests, connections, refused: throttling.refused };
      };
      // Upstream sends one request after the other: counting them would take as long as a run.
      return { ...check(host), ...(resource.name === 'upstream' ? {} : { count }) };
    }),
    goals: [
      { kind: 'ratio', own: 'native', peers: ['upstream'], figure: 'wall', bound: { atLeast: 20 } },
      // What is refused was under way when the first refusal came: one on each connection.
      ...(['native', 'Node'] as const).flatMap((own) =>
        (['connections', 'refused'] as const).map(
          (figure): Goal => ({ kind: 'value', own, figure, bound: { atMost: 32 } }),
        ),
      ),
    ],
  };
}
