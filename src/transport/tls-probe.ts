// Whether a server speaks TLS at all, found out without the certificates that a TLS connection needs.
import type { Socket } from 'node:net';
import { errorCode } from '../errors.ts';

/**
 * A ClientHello of TLS 1.2 without extensions (RFC 5246, section 7.4.1.2): a server of any version answers with a handshake
 * or an alert. Its random bytes are line ends, because a server of http answers only when it has read a line.
 */
const clientHello = Buffer.concat([
  Buffer.from([0x16, 3, 1, 0, 45, 1, 0, 0, 41, 3, 3]),
  Buffer.from('\r\n'.repeat(16)),
  Buffer.from([0, 0, 2, 0xc0, 0x2f, 1, 0]),
]);

/** The first byte of an alert, and of a handshake (section 6.2.1). */
const tlsRecords: readonly (number | undefined)[] = [0x15, 0x16];

/** How a connection ends that the server closed while it was written to. */
const broken: readonly string[] = ['ECONNRESET', 'EPIPE'];

/**
 * Uses up a connection that was just opened: throws the error of a TLS connection to a server that does not speak TLS if the
 * server answers with anything else. A server that closes the connection may speak it nevertheless. Destroys the socket
 * with the error CONNECT_TIMEOUT after `timeout` milliseconds.
 */
export async function requireTls(socket: Socket, timeout: number): Promise<void> {
  const answer = await new Promise<Buffer | undefined>((resolve, reject) => {
    const timer = setTimeout(() => {
      const message = `no answer to a TLS handshake within ${Math.round(timeout)} ms`;
      socket.destroy(Object.assign(new Error(message), { code: 'CONNECT_TIMEOUT' }));
    }, timeout);
    socket
      .once('data', resolve)
      .on('error', (error) => (broken.includes(errorCode(error)) ? resolve(undefined) : reject(error)))
      .once('close', () => resolve(undefined))
      .once('close', () => clearTimeout(timer))
      .write(clientHello);
  }).finally(() => socket.destroy());
  if (answer && !tlsRecords.includes(answer[0])) {
    const error = new Error('wrong version number');
    throw Object.assign(error, { code: 'ERR_SSL_WRONG_VERSION_NUMBER' });
  }
}
