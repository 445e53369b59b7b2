// Replaces undici's client for HTTP/2 in the bundle: src/transport/http-client.ts turns HTTP/2 off.
module.exports = function connectH2() {
  throw new Error('HTTP/2 is not supported');
};
