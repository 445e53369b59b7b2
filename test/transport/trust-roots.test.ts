import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSecureContext } from 'node:tls';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createTrustRoots, machineTrustFiles, type TrustFiles } from '../../src/transport/trust-roots.ts';
import { authority, serverKeys } from '../support/certificates.ts';

const one = authority.trim();
const two = serverKeys.selfSigned.cert.trim();
const three = serverKeys.expired.cert.trim();
const debian = '/etc/ssl/certs/ca-certificates.crt';
const fedora = '/etc/pki/tls/certs/ca-bundle.crt';

/** Files in memory, with a record of what was read. */
function memory(contents: Record<string, string>) {
  const reads: string[] = [];
  const files: TrustFiles = {
    read(path) {
      reads.push(path);
      return contents[path];
    },
    list(directory) {
      reads.push(directory);
      return Object.keys(contents).filter((path) => path.startsWith(`${directory}/`));
    },
  };
  return { files, reads };
}

function rootsOf(
  contents: Record<string, string>,
  environment: Record<string, string> = {},
  caCerts: string[] = [],
) {
  return createTrustRoots({ environment, caCerts, files: memory(contents).files });
}

describe('the roots of the system', () => {
  it.each([
    ['the first bundle that there is', { [debian]: one, [fedora]: two }, {}, [one]],
    ['another distribution', { [fedora]: two }, {}, [two]],
    ['SSL_CERT_FILE', { [debian]: one, '/x': two }, { SSL_CERT_FILE: '/x' }, [two]],
    ['an empty SSL_CERT_FILE', { [debian]: one }, { SSL_CERT_FILE: '' }, [one]],
    ['text around certificates', { [debian]: `# one\n${one}${two}\nend` }, {}, [`${one}\n${two}`]],
    [
      'what is no certificate',
      { [debian]: `${one}\n-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n${two}` },
      {},
      [`${one}\n${two}`],
    ],
  ])('usual: %s', (_name, contents, environment, expected) => {
    expect(rootsOf(contents, environment).usual()).toEqual(expected);
  });

  it.each([
    ['the usual directories too', { [debian]: one, '/etc/ssl/certs/a.pem': two }, {}, [one, two]],
    ['both of them', { '/etc/ssl/certs/a': one, '/etc/pki/tls/certs/b': two }, {}, [one, two]],
    [
      'each once',
      { [debian]: one, '/etc/ssl/certs/a': one, '/etc/ssl/certs/b': `${two}\n${two}` },
      {},
      [one, two],
    ],
    [
      'SSL_CERT_DIR',
      { [debian]: one, '/a/1': two, '/b/2': three },
      { SSL_CERT_DIR: '/a:/b' },
      [one, two, three],
    ],
    ['without the usual ones then', { '/etc/ssl/certs/a': one, '/a/1': two }, { SSL_CERT_DIR: '/a' }, [two]],
    [
      'not what can not be read',
      { [debian]: one, '/etc/ssl/certs/a': two.replace(/MI[^\n]*\n/, 'MIIx\n') },
      {},
      [one],
    ],
    ['nothing where nothing was named', {}, { SSL_CERT_FILE: '/none' }, []],
  ])('all: %s', (_name, contents, environment, expected) => {
    expect(rootsOf(contents, environment).all()).toEqual(expected);
  });

  it('are those of the directories when there is no bundle', () => {
    expect(rootsOf({ '/etc/ssl/certs/a.pem': two }).usual()).toEqual([two]);
  });

  it('are those of the runtime when the system has none', () => {
    const roots = rootsOf({}, {}, [one]).usual();
    expect(roots.length).toBeGreaterThan(50);
    expect(roots.at(-1)).toBe(one);
  });

  it('are read on first use, and once', () => {
    const { files, reads } = memory({ [debian]: one, '/etc/ssl/certs/a.pem': two });
    const roots = createTrustRoots({ environment: {}, caCerts: [three], files });
    expect(reads).toEqual([]);
    roots.usual();
    expect(reads).toEqual([debian]);
    roots.all();
    const read = [...reads];
    roots.all();
    roots.usual();
    expect(reads).toEqual(read);
  });
});

describe('ca_certs', () => {
  it('are trusted in addition to the system', () => {
    const roots = rootsOf({ [debian]: one }, {}, [`chain:\n${two}\n${three}`]);
    expect(roots.usual()).toEqual([one, two, three]);
    expect(roots.all()).toEqual([one, two, three]);
  });

  it('may have line ends of Windows and other content', () => {
    const key = '-----BEGIN PRIVATE KEY-----\nMIIx\n-----END PRIVATE KEY-----';
    const roots = rootsOf({ [debian]: one }, {}, [`${key}\n${two.replaceAll('\n', '\r\n')}`]);
    expect(() => createSecureContext({ ca: [...roots.usual()] })).not.toThrow();
    expect(roots.usual()).toHaveLength(2);
  });

  it.each([
    ['', 'empty'],
    ['s3cr3t', 'no PEM'],
    ['-----BEGIN CERTIFICATE-----\ns3cr3t\n-----END CERTIFICATE-----', 'no base64 of a certificate'],
    ['-----BEGIN CERTIFICATE-----\nMIIs3cr3t\n-----END CERTIFICATE-----', 'a broken certificate'],
    ['-----BEGIN PRIVATE KEY-----\nMIIs3cr3t\n-----END PRIVATE KEY-----', 'a key'],
  ])('without a certificate (%s) are named by position', (text) => {
    const open = () => rootsOf({ [debian]: one }, {}, [one, text]);
    expect(open).toThrow(/^ca_certs\[1\] holds no certificate that can be read$/);
  });
});

describe('the files of this machine', () => {
  it('are read through links to other directories, but not twice through links beside them', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'trust-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const certs = join(folder, 'certs');
    await mkdir(join(certs, 'sub'), { recursive: true });
    await writeFile(join(folder, 'elsewhere.pem'), two);
    await writeFile(join(certs, 'a.pem'), one);
    await symlink('a.pem', join(certs, '0a1b2c3d.0'));
    await symlink('../elsewhere.pem', join(certs, 'b.pem'));
    await symlink('/does/not/exist.pem', join(certs, 'c.pem'));
    expect(machineTrustFiles.list(certs).toSorted()).toEqual(
      ['a.pem', 'b.pem', 'c.pem', 'sub'].map((name) => join(certs, name)),
    );
    const roots = createTrustRoots({
      environment: { SSL_CERT_FILE: join(folder, 'none'), SSL_CERT_DIR: `${certs}:/does/not/exist` },
      caCerts: [],
      files: machineTrustFiles,
    });
    expect(roots.all().toSorted()).toEqual([one, two].toSorted());
    expect(machineTrustFiles.read(join(certs, 'b.pem'))).toBe(
      await readFile(join(folder, 'elsewhere.pem'), 'utf8'),
    );
  });
});
