// Which part of a plan a process carries out, by --shard or by the variables of engines.
import { describe, expect, it } from 'vitest';
import { shardOf } from '../../src/cli/shard-option.ts';

const kubernetes = { JOB_COMPLETION_INDEX: '2', SHARD_COUNT: '5' };
const cloudRun = { CLOUD_RUN_TASK_INDEX: '0', CLOUD_RUN_TASK_COUNT: '1' };

it.each([
  ['--shard', '0/1', {}, { index: 0, count: 1 }],
  ['--shard', '11/12', {}, { index: 11, count: 12 }],
  ['--shard before the environment', '0/2', kubernetes, { index: 0, count: 2 }],
  ['an indexed job of Kubernetes', undefined, kubernetes, { index: 2, count: 5 }],
  ['a task of Cloud Run', undefined, cloudRun, { index: 0, count: 1 }],
  ['an indexed job before a task', undefined, { ...cloudRun, ...kubernetes }, { index: 2, count: 5 }],
  ['nothing', undefined, { OTHER: '1' }, undefined],
  ['empty variables', undefined, { JOB_COMPLETION_INDEX: '', SHARD_COUNT: '' }, undefined],
])('is that of %s', (_, option, environment, shard) => {
  expect(shardOf(option, environment)).toEqual(shard);
});

describe('is an error', () => {
  it.each(['1/1', '3/2', '0/0', '-1/2', '1', '1/', 'a/b', '1/2/3', '0.5/2', '', '1/99999999'])(
    'for --shard %j',
    (option) => {
      expect(() => shardOf(option, {})).toThrow(`--shard ${option} is not a part i of n`);
    },
  );

  it.each([
    [
      { JOB_COMPLETION_INDEX: '5', SHARD_COUNT: '5' },
      'JOB_COMPLETION_INDEX=5 and SHARD_COUNT=5 is not a part',
    ],
    [{ CLOUD_RUN_TASK_INDEX: 'x', CLOUD_RUN_TASK_COUNT: '2' }, 'CLOUD_RUN_TASK_INDEX=x'],
    [{ JOB_COMPLETION_INDEX: '0' }, 'JOB_COMPLETION_INDEX is set, but SHARD_COUNT is not'],
    [{ SHARD_COUNT: '2' }, 'SHARD_COUNT is set, but JOB_COMPLETION_INDEX is not'],
    [{ CLOUD_RUN_TASK_INDEX: '0' }, 'CLOUD_RUN_TASK_INDEX is set, but CLOUD_RUN_TASK_COUNT is not'],
    [{ CLOUD_RUN_TASK_COUNT: '2' }, 'CLOUD_RUN_TASK_COUNT is set, but CLOUD_RUN_TASK_INDEX is not'],
  ])('for %j', (environment, message) => {
    expect(() => shardOf(undefined, environment)).toThrow(message);
  });
});
