// Replaces node:http in the AWS library for instance metadata, which relies on the `timeout` event of a request: Bun emits
// it only after the connection is established, so a worker outside of AWS would wait for minutes.
import { request as plainRequest } from 'node:http';

export function request(options) {
  const sent = plainRequest(options);
  const timer = setTimeout(() => sent.emit('timeout'), options.timeout);
  for (const end of ['response', 'error', 'close']) {
    sent.once(end, () => clearTimeout(timer));
  }
  return sent;
}
