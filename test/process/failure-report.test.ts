// The report of a failure: message, hint, and the stack only for a bug.
import { expect, it } from 'vitest';
import { UserError } from '../../src/errors.ts';
import { createLog } from '../../src/log.ts';
import { reportFailure } from '../../src/process/failure-report.ts';

function reported(error: unknown): string[] {
  let output = '';
  const write = (text: string) => {
    output += text;
  };
  reportFailure(error, createLog({ write, now: () => 0, startedAt: 0 }, false));
  return output.split('\n');
}

it('writes the causes of an error on its line and the hint on the next', () => {
  const cause = new UserError('401 Unauthorized', { hint: 'check the password' });
  const [line, ...rest] = reported(new UserError('asking for the manifest', { cause }));
  expect(line).toContain('ERRO');
  expect(line).toContain('asking for the manifest: 401 Unauthorized');
  expect(rest).toEqual(['hint: check the password', '']);
});

it('writes one line when there is no hint', () => {
  expect(reported(new UserError('no such directory'))).toHaveLength(2);
});

it('writes the stack of a bug', () => {
  const [line, request, place, ...rest] = reported(new TypeError('x is undefined'));
  expect(line).toContain('x is undefined');
  expect(request).toContain('this is a bug in the resource');
  expect(place).toMatch(/^ {4}at .*failure-report\.test\.ts:\d+:\d+/);
  expect(rest.join('\n')).not.toContain('x is undefined');
});

it('writes the stack of a bug that is the cause of another error', () => {
  const lines = reported(new UserError('download failed', { cause: new TypeError('x is undefined') }));
  expect(lines[0]).toContain('download failed: x is undefined');
  expect(lines[1]).toContain('this is a bug in the resource');
});

it('does not call an error with a code a bug, whatever its class', () => {
  const cause = Object.assign(new TypeError('Invalid URL'), { code: 'ERR_INVALID_URL' });
  expect(reported(new UserError('asking', { cause })).join('\n')).not.toContain('bug');
});

it.each([
  ['ENOSPC', /disk is full.*TMPDIR/],
  ['EDQUOT', /quota/],
  ['EROFS', /read-only/],
  ['EACCES', /permissions/],
  ['EMFILE', /ulimit/],
])('writes a hint for %s, however deep among the causes it lies', (code, hint) => {
  const cause = new UserError('extract image', {
    cause: Object.assign(new Error(code), { code }),
    hint: 'x',
  });
  expect(reported(new UserError('download failed', { cause }))[1]).toMatch(hint);
});

it('writes no property of a bug but its message, since a URL with a password may be among them', () => {
  const error = Object.assign(new TypeError('Invalid URL'), { input: 'https://user:secret@host' });
  expect(reported(error).join('\n')).not.toContain('secret');
});

it.each([['a string'], [undefined], [null], [42]])(
  'reports a thrown value that is not an error: %s',
  (thrown) => {
    expect(reported(thrown)[0]).toContain('ERRO');
  },
);
