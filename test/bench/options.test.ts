// The options of the benchmark: what is refused before anything is measured.
import { describe, expect, it } from 'vitest';
import { readOptions } from '../../bench/options.ts';

describe('the options of the benchmark', () => {
  it('are those of a whole run by default', () => {
    expect(readOptions([])).toEqual({
      only: undefined,
      scale: false,
      quick: false,
      write: false,
      upstream: undefined,
      tools: undefined,
      directory: undefined,
      runs: 3,
    });
  });

  it('ask for the help', () => {
    expect(readOptions(['--help'])).toBeUndefined();
  });

  it.each([
    ['a part that does not exist', ['--only', 'gets'], '--only must be'],
    ['a number of runs that is none', ['--runs', '0'], '--runs must be a positive integer, not 0'],
    ['a part of a run as the results', ['--write', '--only', 'get'], '--write takes a whole run'],
    ['a rough run as the results', ['--write', '--quick', '--scale'], '--write takes a whole run'],
    ['results without upstream beside', ['--write'], '--write takes a run beside upstream'],
    ['other tools in the scale measurement', ['--scale', '--tools', '/opt'], '--scale measures only'],
  ])('refuse %s', (_, args, message) => {
    expect(() => readOptions(args)).toThrow(message);
  });
});
