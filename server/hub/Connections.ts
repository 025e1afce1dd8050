import type { Server as HttpServer } from 'node:http';
import type { Server, Socket } from 'socket.io';
import { limits } from '../../shared/limits.ts';
import { clientAddress, networkOf, type Trust } from './addresses.ts';
import { Allowance } from './Allowance.ts';
import { Tally } from './Tally.ts';

export interface ConnectionRules {
  readonly trusts: Trust;
  /** Multiplies every bound. */
  readonly factor: number;
}

/** The longest a connection may stand still while an answer is being written to it, ms. */
const stillMs = 120_000;

/**
 * Bounds what connections may hold before anybody is known: how many there are from one address, how much each may send, and
 * how long one may dawdle. What is behind a proxy is told apart by what the proxy says, once a request has come.
 */
export function guardConnections(http: HttpServer, io: Server, { trusts, factor }: ConnectionRules): void {
  const tcp = new Tally(Math.ceil(limits.connectionsPerAddress * 2 * factor));
  http.on('connection', (socket) => {
    const { remoteAddress = 'unknown' } = socket;
    if (trusts(remoteAddress, 0)) return;
    const release = tcp.take(networkOf(remoteAddress));
    if (release) socket.once('close', release);
    else socket.destroy();
  });
  http.setTimeout(stillMs);

  const live = new Tally(Math.ceil(limits.connectionsPerAddress * factor));
  io.engine.on('connection', (connection: Socket['conn']) => {
    const { request, remoteAddress } = connection;
    const release = live.take(networkOf(clientAddress(remoteAddress, request.headers, trusts)));
    // Nobody reads the request of a connection after its handshake, and it is a third of what an idle one holds in memory.
    Reflect.set(connection, 'request', null);
    if (!release) {
      connection.close(true);
      return;
    }
    connection.once('close', release);
    const allowance = new Allowance(limits.socketBytesAtOnce * factor, limits.socketBytesPerSecond * factor, () =>
      performance.now(),
    );
    connection.on('packet', ({ data }) => {
      if (!allowance.spend(typeof data === 'string' || Buffer.isBuffer(data) ? data.length : 1)) connection.close(true);
    });
  });
}
