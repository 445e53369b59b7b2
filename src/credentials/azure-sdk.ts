// The parts of the Azure SDK that are used, in one module so that the bundle has no others.
export { ManagedIdentityCredential, WorkloadIdentityCredential } from '@azure/identity';
