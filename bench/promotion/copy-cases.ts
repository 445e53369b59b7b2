// Cases of copies: between two registries, within one, under another tag, and to five registries at once.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Case, type Contender, toolContender } from '../cases.ts';
import { atMost, type Goal, noSlowerThan } from '../goals.ts';
import type { ServedImage } from '../images.ts';
import { measure } from '../measure.ts';
import type { Count, Result } from '../table.ts';
import { type CopyTool, copyTools } from './copy-tools.ts';
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

/** How many runs of a case without transfers are made for each run of one with. */
const shortFactor = 10;
/** What a mount may take, in seconds, and the requests of another tag for what is there. */
const longestMount = 0.06;
const retagRequests = 2;

/** The names of hosts for one run: the registries themselves, or proxies before them. */
interface Hosts {
  readonly source: string;
  readonly others: readonly string[];
}

/** All cases of copies. */
export function copyCases(setup: CopySetup): Case[] {
  const tools = copyTools();
  const peers = tools.filter(({ isOwn }) => !isOwn).map(({ name }) => name);
  const { image, runs } = setup;
  const from = ({ source }: Hosts) => `${source}/${image.repository}:latest`;
  const between = contenders(setup, tools, (tool, hosts, run) =>
    tool.copy(
      from(hosts),
      hosts.others.slice(0, 1).map((host) => `${host}/one/${tool.name}-${run}:latest`),
    ),
  );
  const within = contenders(setup, tools, (tool, hosts, run) =>
    tool.copy(from(hosts), [`${hosts.source}/two/${tool.name}-${run}:latest`]),
  );
  const retag = contenders(setup, tools, (tool, hosts, run) =>
    tool.copy(from(hosts), [`${hosts.source}/${image.repository}:${tool.name}-${run}`]),
  );
  const toFive = contenders(setup, tools, (tool, hosts, run) =>
    tool.copy(
      from(hosts),
      hosts.others.map((host) => `${host}/five/${tool.name}-${run}:latest`),
    ),
  );
  const size = image.layers.reduce((sum, layer) => sum + layer.size, 0);
  const megabytes = Math.round(size / 1e6);
  return [
    {
      title: `copy ${megabytes} MB to another registry`,
      runs,
      contenders: between,
      goals: (results) => noSlowerThan(results, 'native', peers),
    },
    {
      title: 'copy within the registry',
      runs: runs * shortFactor,
      contenders: within,
      goals: (results) => [
        ...atMost(results, 'native', 'wall', longestMount),
        ...counted(results, ({ read }) => read < size, 'mounts only'),
      ],
    },
    {
      title: 'another tag of what is there',
      runs: runs * shortFactor,
      contenders: retag,
      goals: (results) =>
        counted(
          results,
          // The ping tells how the registry is reached: it is sent once for any number of images.
          ({ requests }) => requests <= retagRequests + 1,
          `${retagRequests} requests beside the ping`,
        ),
    },
    {
      title: `copy ${megabytes} MB to five registries`,
      runs,
      contenders: toFive,
      goals: (results) => [
        ...noSlowerThan(results, 'native', peers, 0.5),
        ...counted(results, ({ read }) => read < size * 1.01, 'the bytes of the source are read once'),
      ],
    },
  ];
}

function counted(results: readonly Result[], isMet: (count: Count) => boolean, text: string): Goal[] {
  return results.flatMap(({ name, count }) =>
    count && name === 'native' ? [{ text: `${name}: ${text}`, holds: isMet(count) }] : [],
  );
}

function contenders(
  setup: CopySetup,
  tools: readonly CopyTool[],
  command: (tool: CopyTool, hosts: Hosts, run: string) => string,
): Contender[] {
  // Tools remember what they pushed where, and mount it from there.
  const forget = () => rm(join(setup.directory, '.local'), { recursive: true, force: true });
  const prepare = (tool: CopyTool, hosts: Hosts, run: string) =>
    toolContender(setup, tool.name, command(tool, hosts, run), forget).prepare(0);
  return tools.map((tool) => ({
    name: tool.name,
    prepare: (run) => prepare(tool, setup, String(run)),
    async count() {
      await using source = await startCountingProxy(setup.source);
      await using others = new AsyncDisposableStack();
      const proxies = await Promise.all(setup.others.map(startCountingProxy));
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
