// What people see of a failure: the message, the hint, and the places in the code only when it is a bug.
import { expect, it } from 'vitest';
import { reportFailure } from '../../src/command/failure-report.ts';
import { UserError } from '../../src/errors.ts';
import { createLog } from '../../src/log.ts';

function reported(error: unknown): string[] {
  let output = '';
  const write = (text: string) => {
    output += text;
  };
  reportFailure(error, createLog({ write, now: () => 0, startedAt: 0 }, false));
  return output.split('\n');
}

it('shows the causes of an error on its line and the hint on the next', () => {
  const cause = new UserError('401 Unauthorized', { hint: 'check the password' });
  const [line, ...rest] = reported(new UserError('asking for the manifest', { cause }));
  expect(line).toContain('ERRO');
  expect(line).toContain('asking for the manifest: 401 Unauthorized');
  expect(rest).toEqual(['hint: check the password', '']);
});

it('shows nothing else when there is no hint', () => {
  expect(reported(new UserError('no such directory'))).toHaveLength(2);
});

it('shows where a bug is', () => {
  const [line, request, place, ...rest] = reported(new TypeError('x is undefined'));
  expect(line).toContain('x is undefined');
  expect(request).toContain('this is a bug in the resource');
  expect(place).toMatch(/^ {4}at .*failure-report\.test\.ts:\d+:\d+/);
  expect(rest.join('\n')).not.toContain('x is undefined');
});

it('shows no property of a bug but its message: an address with a password may be among them', () => {
  const error = Object.assign(new TypeError('Invalid URL'), { input: 'https://user:secret@host' });
  expect(reported(error).join('\n')).not.toContain('secret');
});

it.each([['text'], [undefined], [null], [42]])('survives %s instead of an error', (thrown) => {
  expect(reported(thrown)[0]).toContain('ERRO');
});
