// Replaces the package `open` in the bundle, with which @azure/identity opens a browser for a log-in: there is no browser,
// and the package cannot be bundled.
export default async function open() {
  throw new Error('there is no browser to log in with');
}
