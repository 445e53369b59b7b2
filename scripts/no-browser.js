// In place of the package `open`, which @azure/identity uses to log people in by a browser: there is none here, and
// the package can't be bundled.
export default async function open() {
  throw new Error('there is no browser to log in with');
}
