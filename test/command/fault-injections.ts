// What the faults of the table are made of: a rule for one request, for the first request of each command, for a mirror.
import { gzipSync } from 'node:zlib';
import { authority, serverKeys } from '../support/certificates.ts';
import type { Fault, FaultRule } from '../support/fault.ts';
import { type CommandName, type Injection, repository, type World } from './fault-world.ts';

/** A fault for each command that can meet it. */
export interface FaultCase extends Partial<Record<CommandName, Injection>> {
  /** A wait that the server asks for, in milliseconds. */
  readonly asksFor?: number;
  /** The fault applies to every request, never to the first one only. */
  readonly isLasting?: boolean;
  /** Each time that the fault applies takes seconds: it applies to the first request only. */
  readonly isSlow?: boolean;
}

type RuleOf = (world: World) => FaultRule;

export const blobs = /\/blobs\/sha256:/;
export const manifests = /\/manifests\//;
export const tagList = /\/tags\/list$/;
/** What an upload begins with, and each of its steps. */
export const start = { method: 'POST', path: /\/blobs\/uploads\/$/ };
export const uploads = /\/blobs\/uploads\/.+/;
/** The step of an upload that sends the bytes. */
export const transfer = { method: 'PATCH', path: uploads };

/** A fault of one request. */
export const at = (rule: FaultRule | RuleOf, more: Injection = {}): Injection => ({
  ...more,
  rules: (world) => [typeof rule === 'function' ? rule(world) : rule],
});

/** A fault of whatever a command asks for first: the manifest, or the start of an upload. */
export function everywhere(fault: Fault): FaultCase {
  return {
    check: at({ path: manifests, fault }),
    in: at({ path: manifests, fault }),
    out: at({ ...start, fault }),
  };
}

/** A response with this status. */
export const status = (code: number, more: object = {}): Fault => ({ kind: 'status', status: code, ...more });
/** A response with this status and error code. */
export const refusal = (code: number, name: string) =>
  status(code, { body: { errors: [{ code: name, message: 'refused', detail: {} }] } });

/** A fault that does not pass while a command runs. */
export const lasting = (fault: FaultCase): FaultCase => ({ ...fault, isLasting: true });

/** A source whose registry cannot be reached. */
export const unreachable = (host: string): FaultCase => {
  const source = () => ({ repository: `${host}/${repository}` });
  return lasting({ check: { source }, in: { source }, out: { source } });
};

/** A mirror where nothing accepts connections. */
export const refusingMirror = ({ registry }: World) => ({
  registry_mirror: { host: '127.0.0.1:1', for: registry.host },
});

/** The registry ends while it responds to a request. */
export const restart =
  (filter: { readonly method?: string; readonly path: RegExp }): RuleOf =>
  ({ registry }) => ({
    ...filter,
    fault: () => {
      void registry.close();
      return { kind: 'reset' };
    },
  });

/** A fault of a mirror in all commands. */
export const mirror = (fault: Fault, more: Injection = {}): FaultCase => {
  const source = ({ registry, other }: World) => ({
    registry_mirror: { host: other.host, for: registry.host },
  });
  const injection = at({ path: manifests, fault }, { server: 'other', source, ...more });
  return { check: injection, in: injection, out: injection };
};

/** Reading a list of tags: in check without a tag, in out for the aliases. */
export const list = (rule: FaultRule): FaultCase => ({
  check: at(rule, { source: () => ({ tag: '' }), registry: { pageSize: 1 } }),
  out: at(rule, {
    params: () => ({ version: '1.2.3', bump_aliases: true }),
    source: () => ({ tag: '' }),
    registry: { pageSize: 1 },
  }),
});

/** A redirect of what a command asks for first. */
export const redirect = (to: (world: World, path: string) => string, more: Injection = {}): FaultCase => {
  const fault = (world: World): Fault => ({ kind: 'redirect', to: ({ path }) => to(world, path) });
  const reading = at((world) => ({ path: manifests, fault: fault(world) }), more);
  return { check: reading, in: reading, out: at((world) => ({ ...start, fault: fault(world) }), more) };
};

/** A registry that is reached over https. */
export const overTls: Injection = {
  registry: { tls: serverKeys.trusted },
  source: () => ({ ca_certs: [authority] }),
};

/** A registry with a certificate that no authority signed. */
export const untrusted: Injection = { registry: { tls: serverKeys.selfSigned } };

/** Each token is good for some requests only. */
export const expiring: Injection = {
  registry: {
    auth: { kind: 'bearer', credentials: { user: 'robot', password: 'secret' }, usesPerToken: 3 },
  },
  source: () => ({ username: 'robot', password: 'secret' }),
};

/** A HEAD that is refused, so that check reads the manifest. */
export const noHead: FaultRule = { method: 'HEAD', path: manifests, fault: { kind: 'status', status: 405 } };

/** A fault of a manifest that check reads. */
export const reading = (fault: Fault): Injection => ({
  rules: () => [noHead, { method: 'GET', path: manifests, fault }],
});

/** No response at all. */
const silent: Fault = { kind: 'hold', until: new Promise(() => {}) };

/** No response to a request, until the time limit has passed. */
export const silence = (filter: { readonly method?: string; readonly path: RegExp }) =>
  at({ ...filter, fault: silent }, { waits: 'shrunk' });

/** A manifest in a content coding. */
export const coded: RuleOf = ({ image }) => ({
  method: 'GET',
  path: manifests,
  fault: status(200, {
    body: gzipSync(image.bytes),
    headers: { 'content-type': image.mediaType, 'content-encoding': 'gzip' },
  }),
});
