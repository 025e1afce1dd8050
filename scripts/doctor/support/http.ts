import { request as plain, type IncomingHttpHeaders, type RequestOptions } from 'node:http';
import { request as secure } from 'node:https';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The server agreed to another protocol: what it said first in it. */
  readonly upgraded: Buffer | null;
}

export interface Asking {
  readonly headers?: Readonly<Record<string, string>>;
  readonly ca?: string | undefined;
  readonly timeoutMs: number;
}

const mostText = 256 * 1024;

/** One GET without following anything. A certificate that browsers refuse is no reason to stop: it is judged elsewhere. */
export function get(url: string, { headers = {}, ca, timeoutMs }: Asking): Promise<Answer> {
  const tls = url.startsWith('https:');
  const options: RequestOptions = { headers, timeout: timeoutMs, agent: false };
  return new Promise((resolve, reject) => {
    const outgoing = tls
      ? secure(url, { ...options, rejectUnauthorized: false, ...(ca === undefined ? {} : { ca }) })
      : plain(url, options);
    outgoing.on('timeout', () => outgoing.destroy(new Error(`no answer within ${timeoutMs / 1000} s`)));
    outgoing.on('error', reject);
    outgoing.on('upgrade', (response, socket, head) => {
      const done = (first: Buffer): void => {
        socket.destroy();
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text: '', upgraded: first });
      };
      socket.on('error', reject);
      if (head.length > 0) return done(head);
      socket.once('data', done);
    });
    outgoing.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part;
        if (text.length > mostText) response.destroy();
      });
      response.on('error', reject);
      response.on('close', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text, upgraded: null }),
      );
    });
    outgoing.end();
  });
}

/** Asks for a WebSocket as a page of `origin` would (RFC 6455, 4.1). */
export function upgrade(url: string, origin: string, asking: Asking): Promise<Answer> {
  const headers = {
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': Buffer.from('nadi doctor asks').toString('base64'),
    origin,
  };
  return get(url, { ...asking, headers: { ...headers, ...asking.headers } });
}
