// What src/transport/http-client.ts uses of undici. The bundle has this in undici's place: without its fetch, cache
// and mock parts every command starts a quarter sooner. A missing export fails the build.
import connect from '../node_modules/undici/lib/api/api-connect.js';
import request from '../node_modules/undici/lib/api/api-request.js';
import Agent from '../node_modules/undici/lib/dispatcher/agent.js';
import Dispatcher from '../node_modules/undici/lib/dispatcher/dispatcher.js';
import Pool from '../node_modules/undici/lib/dispatcher/pool.js';
import ProxyAgent from '../node_modules/undici/lib/dispatcher/proxy-agent.js';

// ProxyAgent opens its tunnels by `connect`.
Object.assign(Dispatcher.prototype, { connect, request });

export { Agent, Pool, ProxyAgent };
