// node:http for the library that asks the instance metadata of AWS: it counts on the `timeout` event of a request,
// which Bun sends only once the connection stands. Without it a worker outside of AWS could wait for minutes.
import { request as plainRequest } from 'node:http';

export function request(options) {
  const sent = plainRequest(options);
  const timer = setTimeout(() => sent.emit('timeout'), options.timeout);
  for (const end of ['response', 'error', 'close']) {
    sent.once(end, () => clearTimeout(timer));
  }
  return sent;
}
