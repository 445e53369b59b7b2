// Cases of copies: between two registries, within one, under another tag, and to five registries at once.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Case, type Contender, shortRuns, transferRuns } from '../case.ts';
import { toolContender } from '../contenders.ts';
import type { ServedImage } from '../images.ts';
import { measure } from '../measure.ts';
import { type CopyTool, copyTools, peerNames } from './copy-tools.ts';
import { startCountingProxy } from './counting-proxy.ts';

/** What the cases share. */
export interface CopySetup {
  readonly directory: string;
  /** The registry that has the image. */
  readonly source: string;
  /** Five other registries. */
  readonly others: readonly string[];
  readonly image: ServedImage;
  readonly runs: number;
}

/** What a mount may take, in seconds, and read from the source, in bytes: its documents. */
const longestMount = 0.06;
const mostOfDocuments = 100e3;
/** The requests of another tag for what is there. The ping is sent once for any number of images. */
const retagRequests = 2 + 1;
/** What may be read from the source beside the layers: the documents. */
const once = 1.01;

/** The names of hosts for one run: the registries themselves, or proxies before them. */
interface Hosts {
  readonly source: string;
  readonly others: readonly string[];
}

/** All cases of copies. */
export function copyCases(setup: CopySetup): Case[] {
  const tools = copyTools();
  const { image, runs } = setup;
  const from = ({ source }: Hosts) => `${source}/${image.repository}:latest`;
  const between = contenders(setup, tools, (tool, hosts, run) =>
    tool.copy(
      from(hosts),
      hosts.others.slice(0, 1).map((host) => `${host}/one/${tool.id}-${run}:latest`),
    ),
  );
  const within = contenders(setup, tools, (tool, hosts, run) =>
    tool.copy(from(hosts), [`${hosts.source}/two/${tool.id}-${run}:latest`]),
  );
  const retag = contenders(setup, tools, (tool, hosts, run) =>
    tool.copy(from(hosts), [`${hosts.source}/${image.repository}:${tool.id}-${run}`]),
  );
  const toFive = contenders(setup, tools, (tool, hosts, run) =>
    tool.copy(
      from(hosts),
      hosts.others.map((host) => `${host}/five/${tool.id}-${run}:latest`),
    ),
  );
  const size = image.layers.reduce((sum, layer) => sum + layer.size, 0);
  const megabytes = Math.round(size / 1e6);
  return [
    {
      title: `copy of ${megabytes} MB to another registry`,
      runs: transferRuns(runs),
      contenders: between,
      goals: [{ kind: 'ratio', own: 'native', peers: peerNames, figure: 'wall', bound: { atMost: 1 } }],
    },
    {
      title: 'copy within the registry',
      runs: shortRuns(runs),
      contenders: within,
      goals: [
        { kind: 'value', own: 'native', figure: 'wall', bound: { atMost: longestMount } },
        { kind: 'value', own: 'native', figure: 'read', bound: { atMost: mostOfDocuments } },
      ],
    },
    {
      title: 'another tag of what is there',
      runs: shortRuns(runs),
      contenders: retag,
      goals: [{ kind: 'value', own: 'native', figure: 'requests', bound: { atMost: retagRequests } }],
    },
    {
      title: `copy of ${megabytes} MB to five registries`,
      runs: transferRuns(runs),
      contenders: toFive,
      goals: [
        { kind: 'ratio', own: 'native', peers: peerNames, figure: 'wall', bound: { atMost: 0.5 } },
        { kind: 'value', own: 'native', figure: 'read', bound: { atMost: size * once } },
      ],
    },
  ];
}

function contenders(
  setup: CopySetup,
  tools: readonly CopyTool[],
  command: (tool: CopyTool, hosts: Hosts, run: string) => string,
): Contender[] {
  // Tools remember what they pushed where, and mount it from there.
  const forget = () => rm(join(setup.directory, '.local'), { recursive: true, force: true });
  const prepare = (tool: CopyTool, hosts: Hosts, run: string) =>
    toolContender(setup.directory, tool.name, command(tool, hosts, run), { before: forget }).prepare(0);
  return tools.map((tool) => ({
    name: tool.name,
    prepare: (run) => prepare(tool, setup, String(run)),
    async count() {
      await using source = await startCountingProxy(setup.source);
      await using others = new AsyncDisposableStack();
      const proxies = await Promise.all(setup.others.map((host) => startCountingProxy(host)));
      for (const proxy of proxies) {
        others.use(proxy);
      }
      const hosts = { source: source.host, others: proxies.map(({ host }) => host) };
      await measure(await prepare(tool, hosts, 'counted'));
      const requests = [source, ...proxies].reduce((sum, proxy) => sum + proxy.requests, 0);
      return { requests, read: source.sent };
    },
  }));
}
