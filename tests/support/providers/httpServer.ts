import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

export interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}
/** What a provider does with a request: answers, or keeps silent (`hang`). */
export type Answer =
  { readonly status: number; readonly headers?: Record<string, string>; readonly body?: string } | 'hang';

/** A provider on this machine: keeps what it got and answers as the test says, by default well. */
export class LocalProvider {
  readonly received: Received[] = [];
  /** Answers for the next requests, in order; then `usual`. */
  readonly next: Answer[] = [];
  usual: (request: Received) => Answer;
  readonly #server = createServer((request, response) => void this.#serve(request, response));

  constructor(usual: (request: Received) => Answer) {
    this.usual = usual;
  }

  async start(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    return `http://127.0.0.1:${address.port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    for await (const part of request) if (Buffer.isBuffer(part)) parts.push(part);
    const { method = '', url = '', headers } = request;
    const received = { method, path: url, headers, body: Buffer.concat(parts) };
    this.received.push(received);
    const answer = this.next.shift() ?? this.usual(received);
    if (answer === 'hang') return;
    response.writeHead(answer.status, answer.headers).end(answer.body);
  }
}
