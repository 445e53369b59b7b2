// Which certificate authorities are trusted: those of the system, found as Go finds them on Linux, and ca_certs.
import { X509Certificate } from 'node:crypto';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { getCACertificates, rootCertificates } from 'node:tls';
import { UserError } from '../errors.ts';
import type { Environment } from './proxy.ts';

/** The files that certificates are read from. */
export interface TrustFiles {
  /** The text of a file; nothing when it can't be read. */
  read(path: string): string | undefined;
  /** The paths in a directory, without links to its own entries; none when it can't be read. */
  list(directory: string): readonly string[];
}

/** What {@link openTrustRoots} goes by; `caCerts` are the PEM texts of the request. */
export interface TrustRootOptions {
  readonly environment: Environment;
  readonly caCerts: readonly string[];
  readonly files?: TrustFiles;
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

const certificateBlock = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/**
 * The trusted authorities as PEM texts: `SSL_CERT_FILE` or else the first bundle of the distributions that exists,
 * the certificates in `SSL_CERT_DIR` (separated by `:`) or else in the usual directories, and ca_certs. Where the
 * system has none at all, as on macOS, those of the runtime. Go's crypto/x509, root_unix.go.
 *
 * Throws at once a UserError that names the entry of ca_certs in which there is no certificate. Files are read when
 * the answer is first called, and only once.
 */
export function openTrustRoots(options: TrustRootOptions): () => readonly string[] {
  const { environment, files = machineTrustFiles } = options;
  const given = options.caCerts.flatMap(readCaCert);
  let roots: readonly string[] | undefined;
  return () => {
    roots ??= [...systemRoots(environment, files), ...given];
    return roots;
  };
}

function systemRoots({ SSL_CERT_FILE, SSL_CERT_DIR }: Environment, files: TrustFiles): readonly string[] {
  const bundlePath = (SSL_CERT_FILE ? [SSL_CERT_FILE] : bundlePaths)
    .map(files.read)
    .find((text) => text !== undefined);
  const directories = SSL_CERT_DIR ? SSL_CERT_DIR.split(':') : directoryPaths;
  const bundle = certificatesIn(bundlePath ?? '');
  const known = new Set(bundle);
  const others = directories
    .flatMap((directory) => files.list(directory))
    .flatMap((path) => certificatesIn(files.read(path) ?? ''))
    .filter((certificate) => !known.has(certificate) && isCertificate(certificate));
  if (bundle.length + others.length === 0 && !SSL_CERT_FILE && !SSL_CERT_DIR) {
    return runtimeRoots();
  }
  // One long text is what TLS contexts read fastest. A bundle is made by a program: its entries are not checked.
  return bundle.length === 0 ? others : [bundle.join('\n'), ...new Set(others)];
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
      hint: 'give it in PEM: "-----BEGIN CERTIFICATE-----", lines of base64, "-----END CERTIFICATE-----"',
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

function certificatesIn(text: string): readonly string[] {
  return text.match(certificateBlock) ?? [];
}

function runtimeRoots(): readonly string[] {
  // Missing in older runtimes.
  const system = typeof getCACertificates === 'function' ? getCACertificates('system') : [];
  return system.length > 0 ? system : rootCertificates;
}
