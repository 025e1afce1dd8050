import { createServer } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import * as ws from 'ws';
import type { Round } from './round.ts';
import { serve } from './rpc.ts';
import { usage } from './usage.ts';

/** The floor: `ws` alone, one prepared frame handed to every connection. */
interface Raw {
  readonly _sender: { sendFrame(list: readonly Buffer[]): void };
}
const { Sender } = ws as unknown as { Sender: { frame(data: Buffer, options: object): Buffer[] } };
const http = createServer();
const wss = new ws.WebSocketServer({ server: http, perMessageDeflate: false });
http.listen(0, '127.0.0.1', () => {
  serve({
    ready: () => (http.address() as { port: number }).port,
    usage,
    publish: async ({ frame, times, perTick = 1, everyMs }: Round): Promise<void> => {
      const began = performance.now();
      for (let i = 0; i < times; i++) {
        for (const event of frame.events) event.at = Date.now();
        const data = Buffer.from(`42${JSON.stringify(['batch', frame])}`);
        const list = Sender.frame(data, { readOnly: false, mask: false, rsv1: false, opcode: 1, fin: true });
        for (let n = 0; n < perTick; n++) {
          for (const client of wss.clients) (client as unknown as Raw)._sender.sendFrame(list);
        }
        await delay(Math.max(0, began + (i + 1) * everyMs - performance.now()));
      }
    },
  });
});
