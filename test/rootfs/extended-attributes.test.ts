import { describe, expect, it } from 'vitest';
import { ExtendedAttributes, isRestored } from '../../src/rootfs/extended-attributes.ts';
import type { SetAttribute } from '../../src/rootfs/system-calls.ts';
import type { TarEntry } from '../../src/tar/tar-entry.ts';
import { recordingLog } from '../support/unpacking.ts';

const entry = (name: string, attributes?: Record<string, string>) =>
  ({ name, extendedAttributes: attributes && new Map(Object.entries(attributes)) }) as TarEntry;

describe('isRestored', () => {
  it.each(['security.capability', 'user.x', 'user.overlay.opaque'])('restores %s', (name) => {
    expect(isRestored(name)).toBe(true);
  });

  it.each([
    'security.selinux',
    'security.ima',
    'trusted.overlay.opaque',
    'system.posix_acl_access',
    'security.capability.x',
    'users.x',
    '',
  ])('does not restore %j', (name) => {
    expect(isRestored(name)).toBe(false);
  });
});

describe('ExtendedAttributes', () => {
  it('sets the attributes of files and directories', () => {
    const calls: unknown[] = [];
    const attributes = new ExtendedAttributes(
      () =>
        (...call) =>
          calls.push(call) > 0,
    );
    attributes.apply(7, entry('f', { 'user.a': '1', 'security.selinux': 'x', 'user.b': '' }));
    attributes.apply('/root/d', entry('d', { 'security.capability': 'c' }));
    attributes.apply(8, entry('g'));
    expect(calls).toEqual([
      [7, 'user.a', '1'],
      [7, 'user.b', ''],
      ['/root/d', 'security.capability', 'c'],
    ]);
    const { log, text } = recordingLog();
    attributes.report(log);
    expect(text()).toBe('');
  });

  it('does not load the system call for an image without attributes', () => {
    const attributes = new ExtendedAttributes(() => {
      throw new Error('loaded');
    });
    attributes.apply(7, entry('f', { 'security.selinux': 'x' }));
    attributes.apply(7, entry('g'));
  });

  it.each<[string, SetAttribute | undefined, string]>([
    ['refuses them', () => false, 'the system refused it'],
    ['has no call', undefined, 'this runtime has no call for it'],
  ])('warns once for an image when the system %s', (_, call, reason) => {
    const attributes = new ExtendedAttributes(() => call);
    attributes.apply(7, entry('gr\xc3\xb6\xc3\x9fe', { 'user.a': '1', 'user.b': '2' }));
    attributes.apply('/d', entry('d', { 'user.a': '1' }));
    const { log, text } = recordingLog();
    attributes.report(log);
    expect(text()).toContain(
      `3 extended attribute(s) are not set, for example "user.a" of "größe": ${reason}`,
    );
  });
});
