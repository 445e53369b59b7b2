// Which registries may be reached over plain http.
import type { RepositoryReference } from '../oci/reference.ts';

const privateNetwork = /^(10(\.\d{1,3}){3}|172\.(1[6-9]|2\d|3[01])(\.\d{1,3}){2}|192\.168(\.\d{1,3}){2})$/;

/**
 * Whether plain http may be tried when https fails: the user allows it (`insecure`), or the name can only be
 * this machine or a private network. The rule is go-containerregistry's and goes by the text of the name alone.
 */
export function mayUseHttp({ registry }: RepositoryReference, insecure: boolean): boolean {
  return (
    insecure ||
    isPrivateNetwork(registry.split(':', 1)[0] ?? '') ||
    registry.startsWith('localhost:') ||
    /\.localhost(:\d{1,5})?$/.test(registry) ||
    /^127\.0\.0\.1(:\d{1,5})?$/.test(registry) ||
    /^(::1|\[::1\](:\d{1,5})?)$/.test(registry)
  );
}

function isPrivateNetwork(host: string): boolean {
  return privateNetwork.test(host) && host.split('.').every((part) => Number(part) <= 255);
}
