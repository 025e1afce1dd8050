import { createServer } from 'node:http';
import { Server } from 'socket.io';
import { z } from 'zod';

/**
 * The peer: a bare Socket.IO server as its documentation sets one up, with the hub's transport settings. Everyone joins one
 * room; each IPC message `{frame}` is emitted to it once, as event `batch`.
 */
const order = z.object({ frame: z.unknown() });

const http = createServer();
const io = new Server(http, { serveClient: false, transports: ['websocket'], perMessageDeflate: false });
io.on('connection', (socket) => void socket.join('room'));
http.listen(0, '127.0.0.1', () => {
  const address = http.address();
  if (address !== null && typeof address === 'object') process.send?.({ port: address.port });
});
process.on('message', (message) => {
  const parsed = order.safeParse(message);
  if (parsed.success) io.to('room').emit('batch', parsed.data.frame);
});
process.on('disconnect', () => process.exit(0));
