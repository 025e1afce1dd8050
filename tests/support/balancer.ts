import { connect, createServer, type Socket } from 'node:net';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

/** A balancer as simple as can be: every connection to the next hub in turn, or the one after it when that refuses. */
export interface Balancer {
  readonly url: string;
  /** Some of the connections carry nothing more and are not closed: each side believes that the other is still there. */
  freeze(which: () => boolean): number;
  close(): Promise<void>;
}

/** @param targets where hubs listen, asked anew for every connection. */
export async function createBalancer(targets: () => readonly string[]): Promise<Balancer> {
  const open = new Set<Socket>();
  const pairs = new Map<Socket, Socket>();
  let turn = 0;
  const reach = async (): Promise<Socket | null> => {
    const all = targets();
    for (let tries = 0; tries < all.length; tries++) {
      const { hostname, port } = new URL(all[turn++ % all.length] ?? '');
      const upstream = connect(Number(port), hostname);
      try {
        await once(upstream, 'connect');
        return upstream;
      } catch {
        upstream.destroy();
      }
    }
    return null;
  };
  const server = createServer({ pauseOnConnect: true }, (client) => {
    void reach().then((upstream) => {
      if (!upstream) {
        client.destroy();
        return;
      }
      pairs.set(client, upstream);
      client.on('close', () => pairs.delete(client));
      for (const [from, to] of [
        [client, upstream],
        [upstream, client],
      ] as const) {
        open.add(from);
        from.on('error', () => to.destroy());
        from.on('close', () => {
          open.delete(from);
          to.end();
        });
        from.pipe(to);
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === 'string') throw new Error('the balancer has no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    freeze: (which) => {
      let frozen = 0;
      for (const [client, upstream] of pairs) {
        if (!which()) continue;
        frozen += 1;
        for (const [from, to] of [
          [client, upstream],
          [upstream, client],
        ] as const) {
          from.unpipe(to);
          from.pause();
        }
      }
      return frozen;
    },
    close: async () => {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
