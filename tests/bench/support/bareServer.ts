import { createServer } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { Server } from 'socket.io';
import { MongoClient } from 'mongodb';
import { Tokens } from '../../../server/accounts/Tokens.ts';
import type { Doc } from '../../../server/store/mongo.ts';
import type { Round } from './round.ts';
import { serve } from './rpc.ts';
import { usage } from './usage.ts';

/**
 * The peer: a bare Socket.IO server as its documentation sets one up, with the hub's transport settings. A client may join
 * rooms; a frame is emitted to a room. With a secret it checks who signs in as a server does: the token, its session, the account.
 */
const http = createServer();
const io = new Server(http, { serveClient: false, transports: ['websocket'], perMessageDeflate: false });
let tokens: Tokens | null = null;
const database = process.env['BENCH_DB'];
const client = new MongoClient(process.env['BENCH_URI'] ?? '', { retryWrites: false, maxPoolSize: 40 });

async function signedIn(token: string): Promise<boolean> {
  const who = await tokens?.verifyAccess(token, Date.now());
  if (!who) return false;
  const [session, account] = await Promise.all([
    client.db(database).collection<Doc>('authSessions').findOne({ _id: who.sid }),
    client.db(database).collection<Doc>('accounts').findOne({ _id: who.accountId }),
  ]);
  return session?.['revokedAt'] === null && account !== null;
}
io.use((socket, next) => {
  if (!tokens) return next();
  void signedIn(String(socket.handshake.auth['token'])).then((yes) => next(yes ? undefined : new Error('who are you')));
});
io.on('connection', (socket) => {
  socket.on('join', (room: string, ack: (reply: unknown) => void) => {
    void socket.join(room);
    ack({ ok: true });
  });
});
http.listen(0, '127.0.0.1', () => {
  serve({
    ready: () => (http.address() as { port: number }).port,
    usage,
    secret: (secret: string) => void (tokens = new Tokens(secret)),
    publish: async ({ rooms, frame, times, perTick = 1, everyMs }: Round): Promise<void> => {
      const began = performance.now();
      for (let i = 0; i < times; i++) {
        for (const event of frame.events) event.at = Date.now();
        for (let n = 0; n < perTick; n++) for (const room of rooms) io.to(room).emit('batch', frame);
        await delay(Math.max(0, began + (i + 1) * everyMs - performance.now()));
      }
    },
    cut: () => io.local.disconnectSockets(true),
  });
});
