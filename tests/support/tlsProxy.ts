import { request, type ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Pair } from './authority.ts';

/** What such a proxy may get wrong. */
export interface Faults {
  /** Does not know WebSockets. */
  readonly noUpgrade?: boolean;
  /** Does not say for whom it asks. */
  readonly silent?: boolean;
}

export interface TlsProxy {
  readonly port: number;
  close(): Promise<void>;
}

/** TLS in front of a hub and a media node, as a clinic's reverse proxy: `/sfu` goes to the node, all else to the hub. */
export async function startTlsProxy(
  pair: Pair,
  to: { readonly hub: string; readonly sfu: string },
  { noUpgrade = false, silent = false }: Faults = {},
  port = 0,
): Promise<TlsProxy> {
  const sockets = new Set<TLSSocket>();
  const target = (path = '/'): URL => new URL(path.startsWith('/sfu') ? to.sfu : to.hub);
  const told = (remote = ''): Record<string, string> => (silent ? {} : { 'x-forwarded-for': remote });
  const server = createServer({ key: pair.key, cert: pair.cert }, (incoming, response: ServerResponse) => {
    const { hostname, port } = target(incoming.url);
    // Between two neighbours only (RFC 9110, 7.6.1): a proxy that does not know upgrades drops them.
    const { connection: _connection, upgrade: _upgrade, ...passed } = incoming.headers;
    const headers = { ...passed, ...told(incoming.socket.remoteAddress) };
    const upstream = request(
      { hostname, port, path: incoming.url, method: incoming.method, headers, agent: false },
      (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      },
    );
    upstream.on('error', () => response.writeHead(502).end());
    incoming.pipe(upstream);
  });
  server.on('secureConnection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
  });
  if (!noUpgrade) {
    server.on('upgrade', (incoming, socket, head) => {
      const { hostname, port } = target(incoming.url);
      const upstream = connect(Number(port), hostname, () => {
        const headers = Object.entries({ ...incoming.headers, ...told(incoming.socket.remoteAddress) });
        const lines = headers.flatMap(([name, value]) => [value].flat().map((one) => `${name}: ${one ?? ''}`));
        upstream.write(`GET ${incoming.url ?? '/'} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
        upstream.write(head);
        upstream.pipe(socket).pipe(upstream);
      });
      for (const [one, other] of [
        [upstream, socket],
        [socket, upstream],
      ] as const) {
        one.on('error', () => other.destroy());
        one.on('close', () => other.destroy());
      }
    });
  }
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port');
  return {
    port: address.port,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
