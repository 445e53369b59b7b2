// Which part of a plan this process carries out: --shard, or the variables that engines set for parallel tasks.
import { UserError } from '../errors.ts';
import type { Shard } from '../promotion/shard.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Index and count, as Kubernetes sets them for an indexed job (the count by its manifest) and Cloud Run for a task. */
const variables = [
  ['JOB_COMPLETION_INDEX', 'SHARD_COUNT'],
  ['CLOUD_RUN_TASK_INDEX', 'CLOUD_RUN_TASK_COUNT'],
] as const;

/**
 * The shard of `--shard i/n`, or that of the environment; undefined for everything. Throws a UserError for what is no
 * shard, and when only one half of it is in the environment: all tasks would do the same.
 */
export function shardOf(option: string | undefined, environment: Environment): Shard | undefined {
  if (option !== undefined) {
    const [, index = '', count = ''] = /^(\d+)\/(\d+)$/.exec(option) ?? [];
    return checkedShard(index, count, `--shard ${option}`);
  }
  for (const [indexName, countName] of variables) {
    const index = environment[indexName] ?? '';
    const count = environment[countName] ?? '';
    if (index !== '' && count !== '') {
      return checkedShard(index, count, `${indexName}=${index} and ${countName}=${count}`);
    }
    if (index !== '' || count !== '') {
      const [set, unset] = index === '' ? [countName, indexName] : [indexName, countName];
      throw new UserError(`${set} is set, but ${unset} is not: which part is to be done is not clear`, {
        hint: `set ${unset} too, or name --shard i/n`,
      });
    }
  }
  return undefined;
}

/** Which part it is, for a report page; nothing without a shard. */
export function shardFact(shard: Shard | undefined): (readonly [name: string, value: string])[] {
  return shard ? [['Shard', `${shard.index}/${shard.count}`]] : [];
}

function checkedShard(indexText: string, countText: string, what: string): Shard {
  const index = /^\d{1,6}$/.test(indexText) ? Number(indexText) : Number.NaN;
  const count = /^\d{1,6}$/.test(countText) ? Number(countText) : Number.NaN;
  if (!(index < count)) {
    throw new UserError(`${what} is not a part i of n`, {
      hint: 'parts are counted from 0: with --shard 0/3, 1/3 and 2/3 three tasks do everything',
    });
  }
  return { index, count };
}
