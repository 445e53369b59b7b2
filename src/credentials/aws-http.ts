// The requests of the AWS libraries over our own client: with the trust roots and proxies of the registry.
import type { Readable } from 'node:stream';
import type { HttpClient } from '../transport/http-client.ts';
import { networkError } from '../transport/network-error.ts';
import { registryLimits } from '../transport/time-limits.ts';

/** A request as the libraries make it; what they send to ECR and STS has a short text as its body. */
interface AwsHttpRequest {
  readonly method: string;
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number;
  readonly path: string;
  readonly query?: Readonly<Record<string, string | readonly string[] | null>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

interface AwsHttpResponse {
  readonly statusCode: number;
  readonly headers: Record<string, string>;
  readonly body: Readable;
}

/** A type of object, not an interface: the libraries take any record for a handler. */
type AwsRequestHandler = {
  readonly metadata: { readonly handlerProtocol: string };
  handle(request: AwsHttpRequest): Promise<{ response: AwsHttpResponse }>;
  updateHttpClientConfig(): void;
  httpHandlerConfigs(): Record<string, never>;
};

/** A handler for the `requestHandler` of a client of the AWS SDK. It keeps no state but that of `client`. */
export function awsRequestHandler(client: HttpClient): AwsRequestHandler {
  return {
    metadata: { handlerProtocol: 'http/1.1' },
    async handle(request) {
      const { 'content-length': _length, host: _host, ...headers } = lowerCased(request.headers);
      const url = urlOf(request);
      const content = contentOf(request.body);
      try {
        const {
          status,
          headers: answered,
          body,
        } = await client.send({
          method: request.method,
          url,
          headers,
          ...(content ? { body: { length: content.length, open: async () => content } } : {}),
          timeout: registryLimits.handshake,
        });
        const lines = Object.entries(answered).flatMap(([name, value]) =>
          value === undefined ? [] : [[name, String(value)] as const],
        );
        return { response: { statusCode: status, headers: Object.fromEntries(lines), body } };
      } catch (error) {
        // Tells the library to try again, as it does by itself with the codes of its own client.
        throw Object.assign(networkError(request.method, url, error), { $retryable: { throttling: false } });
      }
    },
    updateHttpClientConfig() {},
    httpHandlerConfigs: () => ({}),
  };
}

function urlOf({ protocol, hostname, port, path, query = {} }: AwsHttpRequest): string {
  const parameters = Object.entries(query).flatMap(([name, value]) =>
    [value].flat().map((text) => `${encodeURIComponent(name)}=${encodeURIComponent(text ?? '')}`),
  );
  const authority = port === undefined ? hostname : `${hostname}:${port}`;
  return `${protocol}//${authority}${path}${parameters.length > 0 ? `?${parameters.join('&')}` : ''}`;
}

function contentOf(body: unknown): Uint8Array | undefined {
  if (body === undefined || body instanceof Uint8Array) {
    return body;
  }
  if (typeof body === 'string') {
    return Buffer.from(body);
  }
  throw new TypeError('a request to AWS has a body that is a stream');
}

function lowerCased(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
