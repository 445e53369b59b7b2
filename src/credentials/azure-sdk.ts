// What is used of the Azure SDK: gathered here so that nothing else of it gets into the bundle.
export { ManagedIdentityCredential, WorkloadIdentityCredential } from '@azure/identity';
