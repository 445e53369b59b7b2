// Replaces undici in the bundle by the parts that src/transport/http-client.ts uses: without fetch, cache and mocks every
// command starts in three quarters of the time. A missing export fails the build.
import connect from '../node_modules/undici/lib/api/api-connect.js';
import request from '../node_modules/undici/lib/api/api-request.js';
import Agent from '../node_modules/undici/lib/dispatcher/agent.js';
import Dispatcher from '../node_modules/undici/lib/dispatcher/dispatcher.js';
import Pool from '../node_modules/undici/lib/dispatcher/pool.js';
import ProxyAgent from '../node_modules/undici/lib/dispatcher/proxy-agent.js';

// ProxyAgent opens its tunnels with `connect`.
Object.assign(Dispatcher.prototype, { connect, request });

export { Agent, Pool, ProxyAgent };
