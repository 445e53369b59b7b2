// The parts of sigstore's libraries that are used, in one module so that the bundle has no others.
export { bundleFromJSON } from '@sigstore/bundle';
export { X509Certificate } from '@sigstore/core';
export { TrustedRoot } from '@sigstore/protobuf-specs';
export { toSignedEntity, toTrustMaterial, Verifier } from '@sigstore/verify';
