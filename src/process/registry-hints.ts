// Hints for failures of requests to a registry: by the code of the failure, or by status and URL of a refusal.
import { UserError } from '../errors.ts';
import { RegistryError } from '../transport/registry-error.ts';

const certificateHints: Readonly<Record<string, string>> = {
  CERTIFICATE_UNTRUSTED: "add the PEM certificate of the registry's authority to ca_certs{where}",
  CERTIFICATE_EXPIRED: 'the certificate must be renewed, or the clock of {here} is wrong',
  CERTIFICATE_HOST_MISMATCH:
    'use the name that is in the certificate, or give the server a certificate for this name',
  CA_CERT_UNREADABLE:
    'give it in PEM: "-----BEGIN CERTIFICATE-----", lines of base64, "-----END CERTIFICATE-----"',
};

const connectionHints: Readonly<Record<string, string>> = {
  TLS_MISSING: 'for a registry that speaks plain http set "insecure: true"{where}',
  TLS_FAILED: 'for a registry that speaks plain http set "insecure: true"{where}',
  HOST_UNRESOLVED: 'check the spelling of the registry, and the DNS and proxy settings of {here}',
  CONNECTION_REFUSED: 'check host and port of the registry, and that it runs',
  HOST_UNREACHABLE: 'check the network of {here}: firewall, proxy (HTTPS_PROXY, NO_PROXY), DNS',
  SERVER_SILENT: 'the registry, or a proxy in front of it, may be overloaded',
  SERVER_SLOW: 'the registry, or a proxy in front of it, may be overloaded',
  CONNECTION_BROKEN: 'a proxy or firewall between {here} and the registry may have cut it',
  RESPONSE_INCOMPLETE: 'a proxy between {here} and the registry may have cut it',
  RESPONSE_MALFORMED:
    'the registry, or a proxy in front of it, may have failed while it responded: see their logs',
  PROXY_UNREACHABLE: 'check HTTPS_PROXY, HTTP_PROXY and NO_PROXY of {here}, and that the proxy runs',
  PROXY_GATEWAY: 'check host and port of the registry, and that it runs; or add it to NO_PROXY of {here}',
  PROXY_REFUSED:
    'check HTTPS_PROXY, HTTP_PROXY and NO_PROXY of {here}, and the user and password in the proxy URL',
  PROXY_URL_INVALID:
    'check HTTPS_PROXY and HTTP_PROXY of {here}: http://user:password@host:port, special characters escaped',
};

const answerHints: Readonly<Record<string, string>> = {
  HEADERS_TOO_LONG: 'no registry needs such headers: ask its operators, or those of the proxy',
  REDIRECT_LOOP: 'the registry redirects in a circle; ask its operators',
  PLAIN_HTTP_REFUSED:
    'the registry is reached over https but names an http URL: ask its operators to correct that, or set "insecure: true"{where} to allow it',
  WEB_PAGE:
    'a proxy may ask for a log-in: log in to it, or add the registry to NO_PROXY of {here}; otherwise check the host of the registry, or of its mirror',
  DOCUMENT_AMBIGUOUS: 'no registry should store such a document: have the image built and pushed anew',
  LIST_ENDLESS: 'the registry names one more page again and again; ask its operators',
  TOKEN_REDIRECT_REFUSED:
    'the token server redirects to another host, which gets no credentials: ask its operators',
  TOKEN_REALM_MISSING: 'its WWW-Authenticate header has no realm: ask its operators',
  TOKEN_REALM_REFUSED: 'credentials are not sent there; check that the repository names the right registry',
  TOKEN_RESPONSE_INVALID: 'this token server is not one that the resource can use: ask its operators',
};

const hintsByCode = { ...certificateHints, ...connectionHints, ...answerHints };

/**
 * The next step after a failed request to a registry; undefined for another failure, or when there is none to name. `{here}`,
 * `{where}` and `{slower}` stand for words of the surface.
 */
export function registryHint(error: unknown): string | undefined {
  if (error instanceof RegistryError) {
    return refusalHint(error);
  }
  if (!(error instanceof UserError)) {
    return undefined;
  }
  const { code = '', facts } = error;
  if (code === 'LIST_TOO_LONG') {
    return `delete ${facts.of} that are not needed, or ask the operators of the registry why it lists so many`;
  }
  if (code === 'BODY_TOO_LONG') {
    return `the answer to ${facts.method} ${facts.url} is too long to be a registry's`;
  }
  if (code === 'CONTENT_CORRUPT' && facts.side === 'registry') {
    return 'the registry, or a proxy in front of it, serves other bytes than were pushed';
  }
  return hintsByCode[code];
}

function refusalHint({ status, url, codes }: RegistryError): string | undefined {
  switch (status) {
    case 401:
      return 'check username and password (both must be set), and that the account may use this repository; some registries answer so for one that does not exist';
    case 403:
      return 'the account may not do this: it needs the right to pull, and for a put to push; without username and password the requests are anonymous';
    case 404:
      return missingHint(url.replace(/[?#].*/s, ''), codes);
    case 413:
      return 'a proxy in front of the registry limits the size of uploads: ask its operators';
    case 429:
      return 'the registry limits how often it may be asked: set username and password{slower}';
    default:
      return status >= 500 ? 'the registry has a problem of its own: try again later' : undefined;
  }
}

function missingHint(path: string, codes: readonly string[]): string {
  if (path.endsWith('/v2/')) {
    return 'no registry answers there: check the host at the beginning of the repository';
  }
  if (codes.includes('NAME_UNKNOWN') || path.endsWith('/tags/list')) {
    return 'check the name of the repository, and that something was pushed there; a private one looks missing without username and password';
  }
  if (/\/manifests\/sha256:[^/]*$/.test(path)) {
    return 'the digest was deleted from the repository, or never pushed there: check for a version that exists, or push the image again; a private repository looks like this without username and password';
  }
  if (/\/blobs\/sha256:[^/]*$/.test(path)) {
    return 'the registry has lost a part of the image: push the image again';
  }
  return 'check the repository, tag and digest; a private repository looks missing without username and password';
}
