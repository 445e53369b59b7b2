// The DevTools protocol of a browser over two pipes: calls with their answers, and events.
import type { Readable, Writable } from 'node:stream';

/** Parameters of a call or event, or the result of a call. */
export type Message = Readonly<Record<string, unknown>>;

interface Answer {
  readonly id?: number;
  readonly method?: string;
  readonly params?: Message;
  readonly result?: Message;
  readonly error?: { readonly message: string };
}

/** A connection to a browser. */
export interface DevTools {
  on(event: string, listener: (params: Message) => void): void;
  /** The result of a call. Rejects with the error of the browser, or when the browser has ended. */
  send(method: string, params?: Message, sessionId?: unknown): Promise<Message>;
}

/** Messages are JSON documents, each with a NUL at its end. `ended` resolves when the browser has ended. */
export function connectDevTools(input: Writable, output: Readable, ended: Promise<unknown>): DevTools {
  const waiting = new Map<number, (answer: Answer) => void>();
  const listeners: (readonly [event: string, listener: (params: Message) => void])[] = [];
  let received = Buffer.alloc(0);
  let calls = 0;
  input.on('error', () => {});
  output.on('error', () => {});
  output.on('data', (chunk: Buffer) => {
    received = Buffer.concat([received, chunk]);
    for (let end = received.indexOf(0); end >= 0; end = received.indexOf(0)) {
      const answer: Answer = JSON.parse(received.subarray(0, end).toString());
      received = received.subarray(end + 1);
      waiting.get(answer.id ?? 0)?.(answer);
      for (const [, listener] of listeners.filter(([event]) => event === answer.method)) {
        listener(answer.params ?? {});
      }
    }
  });
  return {
    on: (event, listener) => void listeners.push([event, listener]),
    async send(method, params = {}, sessionId) {
      const id = ++calls;
      const answered = new Promise<Answer>((resolve) => waiting.set(id, resolve));
      input.write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
      const lost = ended.then((): never => {
        throw new Error(`the browser ended during ${method}`);
      });
      const { result, error } = await Promise.race([answered, lost]);
      if (error) {
        throw new Error(`${method}: ${error.message}`);
      }
      return result ?? {};
    },
  };
}
