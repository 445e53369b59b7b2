// The part of Google's auth library that is used, in one module so that the bundle has no others.
export { GoogleAuth } from 'google-auth-library';
