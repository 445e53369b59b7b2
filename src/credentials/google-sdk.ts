// What is used of Google's library: gathered here so that nothing else of it gets into the bundle.
export { GoogleAuth } from 'google-auth-library';
