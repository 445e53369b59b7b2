// The HTTP handler of the AWS SDK over our own client, with the trust roots and proxies of the registry.
import type { Readable } from 'node:stream';
import type { HttpClient } from '../transport/http-client.ts';
import { sendSdkRequest } from './sdk-request.ts';

/** A request of the SDK; to ECR and STS it has a short string as its body. */
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

/** A type alias, not an interface, because the SDK accepts any record as a handler. */
type AwsRequestHandler = {
  readonly metadata: { readonly handlerProtocol: string };
  handle(request: AwsHttpRequest): Promise<{ response: AwsHttpResponse }>;
  updateHttpClientConfig(): void;
  httpHandlerConfigs(): Record<string, never>;
};

/** A `requestHandler` for a client of the AWS SDK. It has no state but that of `client`. */
export function awsRequestHandler(client: HttpClient): AwsRequestHandler {
  return {
    metadata: { handlerProtocol: 'http/1.1' },
    async handle(request) {
      const { 'content-length': _length, host: _host, ...headers } = lowerCased(request.headers);
      const url = urlOf(request);
      const content = contentOf(request.body);
      try {
        const response = await sendSdkRequest(client, { method: request.method, url, headers, content });
        const lines = Object.entries(response.headers).flatMap(([name, value]) =>
          value === undefined ? [] : [[name, String(value)] as const],
        );
        return {
          response: { statusCode: response.status, headers: Object.fromEntries(lines), body: response.body },
        };
      } catch (error) {
        // Marks the error as one that the SDK retries, as it does after errors of its own client.
        throw Object.assign(error instanceof Error ? error : new Error(String(error)), {
          $retryable: { throttling: false },
        });
      }
    },
    updateHttpClientConfig() {},
    httpHandlerConfigs: () => ({}),
  };
}

function urlOf({ protocol, hostname, port, path, query = {} }: AwsHttpRequest): string {
  const parameters = Object.entries(query).flatMap(([name, value]) =>
    [value].flat().map((item) => `${encodeURIComponent(name)}=${encodeURIComponent(item ?? '')}`),
  );
  const authority = port === undefined ? hostname : `${hostname}:${port}`;
  return `${protocol}//${authority}${path}${parameters.length > 0 ? `?${parameters.join('&')}` : ''}`;
}

function contentOf(body: unknown): string | Uint8Array | undefined {
  if (body === undefined || body instanceof Uint8Array || typeof body === 'string') {
    return body;
  }
  throw new TypeError('a request to AWS has a body that is a stream');
}

function lowerCased(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
