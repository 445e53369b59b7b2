// Keys and certificates of the test servers: generated once by generate.sh, committed, valid until 2119.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = join(import.meta.dirname, 'certificates');

/** What a TLS server needs: a key and its certificate as PEM, and the files that contain them. */
export interface KeyPair {
  readonly key: string;
  readonly cert: string;
  readonly keyFile: string;
  readonly certFile: string;
}

function keyPair(name: string): KeyPair {
  const keyFile = join(folder, `${name}.key`);
  const certFile = join(folder, `${name}.crt`);
  return { key: readFileSync(keyFile, 'utf8'), cert: readFileSync(certFile, 'utf8'), keyFile, certFile };
}

/** The certificate authority that signed `server`, `expired` and `wrongHost`: a trust root for clients. */
export const authority: string = readFileSync(join(folder, 'authority.crt'), 'utf8');

/** The authority below an unknown root that signed `belowIntermediate`. */
export const intermediateAuthority: string = readFileSync(join(folder, 'intermediate.crt'), 'utf8');

/** Server certificates by what is valid or invalid about them; most are for 127.0.0.1, ::1 and localhost. */
export const serverKeys = {
  /** Valid for clients that trust the authority. */
  trusted: keyPair('server'),
  /** Valid for clients that trust this certificate itself. */
  selfSigned: keyPair('self-signed'),
  /** Signed by the intermediate authority, whose certificate the server sends too; the root is unknown. */
  belowIntermediate: keyPair('below-intermediate'),
  /** Signed by the authority, expired in 2001. */
  expired: keyPair('expired'),
  /** Signed by the authority for `registry.invalid`. */
  wrongHost: keyPair('wrong-host'),
  /** For `index.docker.io`, valid for clients that trust this certificate itself; reached through a proxy. */
  dockerHub: keyPair('docker-hub'),
  /** For the hosts of Amazon ECR, valid for clients that trust this certificate itself; reached through a proxy. */
  amazon: keyPair('amazon'),
} as const satisfies Record<string, KeyPair>;

/** The key pair with which the token server signs tokens. */
export const tokenSigner: KeyPair = keyPair('token-signer');
