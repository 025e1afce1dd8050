import { setTimeout as delay } from 'node:timers/promises';
import { createApp } from '../../../server/app.ts';
import { readConfig } from '../../../server/config.ts';
import type { StreamEvent } from '../../../server/store/streams/index.ts';
import type { Published } from './round.ts';
import { serve } from './rpc.ts';
import { usage } from './usage.ts';

/** The hub as it is, in a process of its own that also says what it uses. */
const app = await createApp(readConfig(process.env));
const seqs = new Map<string, number>();

/**
 * From a committed append on: the commit's notice reaches the door out, which picks the audience, cuts the event to the
 * contract, numbers and coalesces the batch and writes it to the sockets. Each key gets `perTick` events, `times` over.
 */
async function publish({ keys, times, perTick = 1, everyMs }: Published): Promise<void> {
  const began = performance.now();
  for (let i = 0; i < times; i++) {
    for (const key of keys) {
      for (let n = 0; n < perTick; n++) {
        const seq = (seqs.get(key) ?? 1_000_000) + 1;
        seqs.set(key, seq);
        const data = { entryId: key, priority: 'urgent' };
        const event: StreamEvent = { seq, at: Date.now(), v: 1, type: 'prioritised', data };
        app.publisher.events('queue', key, 1, [event]);
      }
    }
    await delay(Math.max(0, began + (i + 1) * everyMs - performance.now()));
  }
}

serve({ ready: () => app.port, usage, publish, cut: () => app.cutSockets() });
process.on('SIGTERM', () => void app.close().then(() => process.exit(0)));
