// Runs registries that list digests with their tags, as Google's do, as a process; it prints their hosts. The first one has
// generated images, the others after a line on standard input. It ends when that ends.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { mediaTypes } from '../../src/oci/media-type.ts';
import { fleetImages } from './manifest-tree.ts';

const { values } = parseArgs({ options: { images: { type: 'string', default: '1' } } });
const destinations = 22;
const empty = JSON.stringify({ tags: [], manifest: {} });
const listings = new Map(
  fleetImages(Number(values.images)).map(({ name, digests }) => {
    const manifest = digests.map(({ digest, tags }) => [
      digest,
      { mediaType: mediaTypes.ociManifest, tag: tags },
    ]);
    return [name, JSON.stringify({ tags: [], manifest: Object.fromEntries(manifest) })];
  }),
);
let isFull = false;

const answer = (isSource: boolean) => (request: IncomingMessage, response: ServerResponse) => {
  const { url = '' } = request;
  const [, name = ''] = /\/([^/]+)\/tags\/list/.exec(url) ?? [];
  const listing = isSource || isFull ? listings.get(name) : empty;
  if (url === '/v2/') {
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  } else if (name !== '' && listing !== undefined) {
    response.writeHead(200, { 'content-type': 'application/json' }).end(listing);
  } else {
    response.writeHead(404).end('{}');
  }
};
const hosts: string[] = [];
for (let number = 0; number <= destinations; number++) {
  const server = createServer(answer(number === 0)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  hosts.push(`127.0.0.1:${(server.address() as AddressInfo).port}`);
}
process.stdout.write(`${hosts.join(' ')}\n`);
createInterface({ input: process.stdin })
  .on('line', () => {
    isFull = true;
    process.stdout.write('filled\n');
  })
  .on('close', () => process.exit(0));
