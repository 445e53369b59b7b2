// Which certificate authorities are trusted: those of the system, found as Go finds them on Linux, and ca_certs.
import { X509Certificate } from 'node:crypto';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { getCACertificates, rootCertificates } from 'node:tls';
import { UserError } from '../errors.ts';
import type { Environment } from './proxy.ts';

/** The files that certificates are read from. */
export interface TrustFiles {
  /** The content of a file; undefined when it cannot be read. */
  read(path: string): string | undefined;
  /** The paths in a directory, without links to its own entries; empty when it cannot be read. */
  list(directory: string): readonly string[];
}

/** What {@link createTrustRoots} needs; `caCerts` are in PEM. */
export interface TrustRootOptions {
  readonly environment: Environment;
  readonly caCerts: readonly string[];
  readonly files: TrustFiles;
}

/** Certificates in PEM, few and long strings where possible; read on first use. */
export interface TrustRoots {
  /** Whether there are ca_certs: they are set for a registry that speaks TLS. */
  readonly hasOwn: boolean;
  /** The system's bundle and ca_certs; everything where there is no bundle. */
  usual(): readonly string[];
  /**
   * The same and the certificate directories. These are hundreds of files with almost nothing that is not in the
   * bundle: for a server that was not trusted.
   */
  all(): readonly string[];
}

const bundlePaths = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/pki/tls/cacert.pem',
  '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem',
  '/etc/ssl/cert.pem',
];
const directoryPaths = ['/etc/ssl/certs', '/etc/pki/tls/certs'];

// A certificate is a DER sequence of more than 127 bytes: `MI…` in base64. Anything else in a long string would make
// Node ignore the certificates after it, and Bun refuse them all.
const certificateBlock = /-----BEGIN CERTIFICATE-----\s+MI[\w+/=\s]+-----END CERTIFICATE-----/g;

/**
 * The trusted authorities: `SSL_CERT_FILE` or else the first bundle of the distributions that exists, the
 * certificates in `SSL_CERT_DIR` (separated by `:`) or else in the usual directories, and ca_certs. Where the system
 * has none at all, as on macOS, those of the runtime. Go's crypto/x509, root_unix.go. Throws at once a UserError
 * that names the entry of ca_certs in which there is no certificate.
 */
export function createTrustRoots({ environment, caCerts, files }: TrustRootOptions): TrustRoots {
  const { SSL_CERT_FILE, SSL_CERT_DIR } = environment;
  const added = caCerts.flatMap(readCaCert);
  const readBundle = once(() => readFirst(files, SSL_CERT_FILE ? [SSL_CERT_FILE] : bundlePaths));
  const all = once(() => {
    const directories = SSL_CERT_DIR ? SSL_CERT_DIR.split(':') : directoryPaths;
    const system = [...joined(readBundle()), ...readDirectories(files, directories, new Set(readBundle()))];
    const isBare = system.length === 0 && !SSL_CERT_FILE && !SSL_CERT_DIR;
    return [...(isBare ? runtimeRoots() : system), ...added];
  });
  return {
    hasOwn: added.length > 0,
    all,
    usual: once(() => (readBundle().length > 0 ? [...joined(readBundle()), ...added] : all())),
  };
}

/**
 * The expired entries of ca_certs: those in which every certificate has ended by `now` (milliseconds since the epoch).
 * Entries without a certificate are left out.
 */
export function expiredCertificates(
  caCerts: readonly string[],
  now: number,
): { readonly position: number; readonly expired: string }[] {
  return caCerts.flatMap((text, position) => {
    const ends = certificatesIn(text)
      .filter(isCertificate)
      .map((certificate) => Date.parse(new X509Certificate(certificate).validTo));
    const last = Math.max(...ends);
    return ends.length > 0 && last < now
      ? [{ position, expired: new Date(last).toISOString().slice(0, 10) }]
      : [];
  });
}

/** The files of this machine. */
export const machineTrustFiles: TrustFiles = {
  read(path) {
    try {
      return readFileSync(path, 'latin1');
    } catch {
      return undefined;
    }
  },
  list(directory) {
    try {
      return readdirSync(directory, { withFileTypes: true })
        .filter((entry) => !entry.isSymbolicLink() || leadsElsewhere(join(directory, entry.name)))
        .map((entry) => join(directory, entry.name));
    } catch {
      return [];
    }
  },
};

function leadsElsewhere(link: string): boolean {
  try {
    return readlinkSync(link).includes('/');
  } catch {
    return true;
  }
}

function readCaCert(text: string, index: number): string[] {
  const certificates = certificatesIn(text).filter(isCertificate);
  if (certificates.length === 0) {
    throw new UserError(`ca_certs[${index}] holds no certificate that can be read`, {
      code: 'CA_CERT_UNREADABLE',
    });
  }
  return certificates;
}

function isCertificate(text: string): boolean {
  try {
    return new X509Certificate(text).raw.length > 0;
  } catch {
    return false;
  }
}

function readFirst(files: TrustFiles, paths: readonly string[]): readonly string[] {
  for (const path of paths) {
    const text = files.read(path);
    if (text !== undefined) {
      return certificatesIn(text);
    }
  }
  return [];
}

function readDirectories(
  files: TrustFiles,
  directories: readonly string[],
  known: ReadonlySet<string>,
): readonly string[] {
  const certificates = directories
    .flatMap((directory) => files.list(directory))
    .flatMap((path) => certificatesIn(files.read(path) ?? ''));
  return [...new Set(certificates)].filter((text) => !known.has(text) && isCertificate(text));
}

function certificatesIn(text: string): readonly string[] {
  return text.match(certificateBlock) ?? [];
}

/** TLS contexts of both runtimes read one long string faster than many short ones. */
function joined(certificates: readonly string[]): readonly string[] {
  return certificates.length > 0 ? [certificates.join('\n')] : [];
}

function runtimeRoots(): readonly string[] {
  // Missing in older runtimes.
  const system = typeof getCACertificates === 'function' ? getCACertificates('system') : [];
  return system.length > 0 ? system : rootCertificates;
}

function once<Value>(read: () => Value): () => Value {
  let kept: { value: Value } | undefined;
  return () => {
    kept ??= { value: read() };
    return kept.value;
  };
}
