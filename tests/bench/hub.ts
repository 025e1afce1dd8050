import { loadavg } from 'node:os';
import { burst } from './hub/burst.ts';
import { channels } from './hub/channels.ts';
import { chat } from './hub/chat.ts';
import { commands } from './hub/commands.ts';
import { connect } from './hub/connect.ts';
import { idle } from './hub/idle.ts';
import { queue } from './hub/queue.ts';
import { room } from './hub/room.ts';
import { rooms } from './hub/rooms.ts';
import { slow } from './hub/slow.ts';
import { storm } from './hub/storm.ts';
import type { Figures } from './support/report.ts';
import { Stage, type Bench } from './support/Stage.ts';

const benches: Readonly<Record<string, Bench>> = {
  room1k: room(1_000),
  room5k: room(5_000),
  rooms,
  queue,
  burst,
  chat,
  connect,
  idle,
  storm,
  slow,
  commands,
  channels,
};

/**
 * The live core against bare peers, measured in turn in one run; docs/decisions/0007-performance.md says what each key means.
 * `--only room1k,burst` chooses some; `--quick` measures three pairs of less.
 */
export async function run(
  args: readonly string[],
): Promise<{ table: Figures['row'][]; json: Record<string, unknown> }> {
  const quick = args.includes('--quick');
  const only = args[args.indexOf('--only') + 1]?.split(',');
  const wanted = args.includes('--only') && only ? only : Object.keys(benches);
  const unknown = wanted.filter((key) => !(key in benches));
  if (unknown.length > 0)
    throw new Error(`no such bench: ${unknown.join(', ')}; there are ${Object.keys(benches).join(', ')}`);
  const table: Figures['row'][] = [];
  const json: Record<string, unknown> = {};
  for (const [key, bench] of Object.entries(benches)) {
    if (!wanted.includes(key)) continue;
    const began = performance.now();
    // Each on a stage of its own: what one leaves behind does not slow the next.
    const stage = await Stage.set(quick);
    try {
      const { row, json: one } = await bench(stage);
      const load = Number((loadavg()[0] ?? 0).toFixed(1));
      const seconds = Math.round((performance.now() - began) / 1000);
      table.push({ bench: key, ...row, load, seconds });
      json[key] = { ...one, load };
      console.log(`${key}: ${seconds} s`, row);
    } finally {
      await stage.strike();
    }
  }
  return { table, json };
}
