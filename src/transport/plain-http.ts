// Which registries may be asked over plain http.
import type { RepositoryReference } from '../oci/reference.ts';
import { isPrivateUseAddress } from './private-address.ts';

/**
 * Whether plain http may be tried when https fails: the user allows it (`insecure`), or the registry is a name of this
 * machine or an address of RFC 1918. The rule is go-containerregistry's; it goes by the name as written.
 */
export function mayUseHttp({ registry }: RepositoryReference, insecure: boolean): boolean {
  return (
    insecure ||
    isPrivateUseAddress(registry.split(':', 1)[0] ?? '') ||
    registry.startsWith('localhost:') ||
    /\.localhost(:\d{1,5})?$/.test(registry) ||
    /^127\.0\.0\.1(:\d{1,5})?$/.test(registry) ||
    /^(::1|\[::1\](:\d{1,5})?)$/.test(registry)
  );
}
