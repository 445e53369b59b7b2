// Servers below HTTP: one that never responds, and one that writes raw bytes.
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/** Starts a silent server on a free port of 127.0.0.1 and returns the port; closed when the running test has finished. */
export async function silentServer(): Promise<number> {
  return (await rawServer(() => {})).port;
}

/** The same for a server that is given every connection; `sockets` are all that were accepted. */
export async function rawServer(
  accept: (socket: Socket) => void,
): Promise<{ port: number; sockets: ReadonlySet<Socket> }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    accept(socket);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) {
      socket.destroy();
    }
  });
  return { port: (server.address() as AddressInfo).port, sockets };
}
