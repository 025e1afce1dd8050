import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** A network between a client and the node that can be cut. */
export interface Relay extends AsyncDisposable {
  readonly port: number;
  /** Lets nothing through until told otherwise; for TCP, what is connected is cut. */
  block(blocked: boolean): void;
}

/** Carries TCP connections (signalling). */
export async function tcpRelay(target: number): Promise<Relay> {
  const open = new Set<Socket>();
  let blocked = false;
  const server = createServer((client) => {
    if (blocked) return void client.destroy();
    const upstream = connect(target, '127.0.0.1');
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      open.add(from);
      from.pipe(to);
      from.on('error', () => undefined);
      from.on('close', () => {
        open.delete(from);
        to.destroy();
      });
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const cut = (): void => {
    for (const socket of open) socket.destroy();
  };
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    block: (next) => {
      blocked = next;
      if (blocked) cut();
    },
    [Symbol.asyncDispose]: async () => {
      cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Carries datagrams (media), one way out per client address, as a NAT does. */
export async function udpRelay(target: number): Promise<Relay> {
  const ways = new Map<number, UdpSocket>();
  let blocked = false;
  const inside = createSocket('udp4');
  inside.on('message', (packet, { port, address }) => {
    let way = ways.get(port);
    if (way === undefined) {
      way = createSocket('udp4');
      way.on('message', (answer) => {
        if (!blocked) inside.send(answer, port, address);
      });
      way.on('error', () => undefined);
      ways.set(port, way);
    }
    if (!blocked) way.send(packet, target, '127.0.0.1');
  });
  // Not to every address: answers would leave from another one than they were sent to.
  inside.bind(0, '127.0.0.1');
  await once(inside, 'listening');
  return {
    port: inside.address().port,
    block: (next) => (blocked = next),
    [Symbol.asyncDispose]: async () => {
      inside.close();
      for (const way of ways.values()) way.close();
    },
  };
}
