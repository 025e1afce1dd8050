import { createServer, type Server as HttpServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { Server, type Socket } from 'socket.io';

// Component tests resolve packages for a browser, where `ws` is an empty stub, on which both happy-dom's WebSocket and the server stand.
// Take its files; and before the client is loaded, which looks for the global then.
const ofWs = createRequire(createRequire(import.meta.url).resolve('ws/package.json'));
Object.defineProperty(globalThis, 'WebSocket', {
  value: ofWs('./lib/websocket.js'),
  configurable: true,
  writable: true,
});

/** A hub's protocol and nothing else, over real Socket.IO: what it was asked, and answers that a test decides. */
export class HubProtocol {
  readonly http: HttpServer = createServer((_request, response) => response.writeHead(404).end());
  readonly io = new Server(this.http, { transports: ['websocket'], wsEngine: ofWs('./lib/websocket-server.js') });
  readonly ops: { name: string; requestId?: string }[] = [];
  readonly asked: { event: string; channel: string; key: string; since?: { seq: number } }[] = [];
  readonly tokens: string[] = [];
  readonly done = new Set<string>();
  refuse = (_token: string): string | null => null;
  onOp: (frame: { name: string; requestId?: string }, ack: (reply: unknown) => void, socket: Socket) => void = (
    _frame,
    ack,
  ) => ack({ ok: true, data: {} });
  onSubscribe: (ack: (reply: unknown) => void, since: { seq: number } | undefined, socket: Socket) => void = () =>
    undefined;

  async start(): Promise<string> {
    this.io.use((socket, next) => {
      const token = String(socket.handshake.auth['token']);
      this.tokens.push(token);
      const code = this.refuse(token);
      next(code === null ? undefined : Object.assign(new Error(code), { data: { code, traceId: 't' } }));
    });
    this.io.on('connection', (socket) => {
      socket.on('op', (frame: { name: string; requestId?: string }, ack: (reply: unknown) => void) => {
        this.ops.push(frame);
        this.onOp(frame, ack, socket);
      });
      socket.on(
        'subscribe',
        (frame: { channel: string; key: string; since?: { seq: number } }, ack: (reply: unknown) => void) => {
          this.asked.push({ event: 'subscribe', ...frame });
          this.onSubscribe(ack, frame.since, socket);
        },
      );
      socket.on('unsubscribe', (frame: { channel: string; key: string }) =>
        this.asked.push({ event: 'unsubscribe', ...frame }),
      );
    });
    await new Promise<void>((resolve) => this.http.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.http.address() as AddressInfo).port}`;
  }

  /** Sends consecutive events of epoch 1 to everybody. */
  batch(channel: string, key: string, events: readonly { seq: number }[]): void {
    const [from = 0, to = 0] = [events[0]?.seq, events.at(-1)?.seq];
    this.io.emit('batch', { channel, key, epoch: 1, from, to, events });
  }
  subscribes(): { since?: { seq: number } }[] {
    return this.asked.filter((one) => one.event === 'subscribe');
  }
}
