import { expect, it } from 'vitest';
import { logTransportEvents } from '../../src/access/transport-log.ts';
import { UserError } from '../../src/errors.ts';
import type { TransportEvent } from '../../src/transport/transport-event.ts';
import { recordedLog } from '../support/test-session.ts';

const error = new UserError('GET https://registry/v2/', { cause: new Error('503') });

it.each<[string, TransportEvent, string]>([
  [
    'a retry with its wait in milliseconds',
    { kind: 'retry', error, wait: 12.3 },
    'transient error: GET https://registry/v2/: 503; retrying in 13ms',
  ],
  [
    'a retry with its wait in seconds',
    { kind: 'retry', error, wait: 2_449 },
    'transient error: GET https://registry/v2/: 503; retrying in 2.4s',
  ],
  [
    'a refused token query without credentials',
    { kind: 'anonymous-token-refused', registry: 'registry:5000' },
    'the token server of registry:5000 refused a query without credentials; no username and password are set for it',
  ],
  [
    'a read over http',
    { kind: 'plain-http-read', registry: 'registry:5000', host: 'cdn.example' },
    'registry:5000 redirects downloads to http://cdn.example: they are verified, but not confidential',
  ],
])('%s is logged as a warning', (_name, event, line) => {
  const log = recordedLog();
  logTransportEvents(log)(event);
  expect(log.text).toContain('WARN');
  expect(log.text).toContain(line);
});

it('reads over http are logged once for each registry', () => {
  const log = recordedLog();
  const report = logTransportEvents(log);
  for (const registry of ['one', 'one', 'two', 'one']) {
    report({ kind: 'plain-http-read', registry, host: 'cdn.example' });
  }
  expect(log.text.match(/redirects downloads/g)).toHaveLength(2);
});
