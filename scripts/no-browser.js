// Replaces packages for browsers in the bundle, which no code path here reaches: `open`, with which @azure/identity opens a
// page to log in, `bowser`, with which the AWS SDK reads the name of a browser, and a polyfill for streams.
export default async function open() {
  throw new Error('there is no browser to log in with');
}
