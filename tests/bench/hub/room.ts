import { setTimeout as delay } from 'node:timers/promises';
import { interleave, median } from '../support/measure.ts';
import { startServer } from '../support/processes.ts';
import { figures, type Figures } from '../support/report.ts';
import { send, type Bench, type Stage } from '../support/Stage.ts';

/**
 * One room: deliveries per CPU-second of the server process, from a committed append to the socket. Beside it what a prepared
 * frame through `ws` alone gives, and what is left when the whole command (door, audit, database driver) is counted in.
 */
export function room(count: number): Bench {
  return (stage) => oneRoom(stage, count);
}

async function oneRoom(stage: Stage, count: number): Promise<Figures> {
  const times = count > 1_000 ? 15 : 40;
  // Longer than sending takes and than the hub gathers a burst: one event is one frame on both sides.
  const everyMs = count > 1_000 ? 200 : 60;
  const [sessionId = ''] = await stage.sessions(1);
  const staff = await stage.people('staff', 20);
  const rooms = [{ channel: 'queue', key: sessionId }];
  const greet = (kind: 'hub' | 'bare' | 'plain') =>
    Array.from({ length: count }, (_, i) => ({ kind, token: staff[i % staff.length]?.token, rooms }));
  const plain = await startServer('wsServer');
  try {
    await stage.gather('ours', stage.hub, greet('hub'));
    await stage.gather('bare', stage.bare, greet('bare'));
    await stage.gather('plain', plain, greet('plain'));
    const events = times * count;
    const hubRound = () =>
      stage.deliveries(stage.hub, 'ours', events, () => stage.publish({ keys: [sessionId], times, everyMs }));
    await hubRound();
    const { last: frame } = await stage.tally('ours');
    const round = { rooms: [`queue:${sessionId}`], frame, times, everyMs };
    const bareRound = () => stage.deliveries(stage.bare, 'bare', events, () => send(stage.bare, round));
    const plainRound = () => stage.deliveries(plain, 'plain', events, () => send(plain, round));
    await bareRound();
    await plainRound();
    const floor: number[] = [];
    const pairs = await interleave(stage.pairs, hubRound, async () => {
      floor.push(await plainRound());
      return await bareRound();
    });
    const whole = await withCommands(stage, sessionId, count, everyMs);
    return figures({ unit: 'deliveries per CPU-second', target: 0.9, best: 'high', byBound: true }, pairs, {
      bytes: Buffer.byteLength(JSON.stringify(frame)),
      'of ws': median(pairs.map((pair) => pair.ours)) / median(floor),
      'with commands': whole / median(pairs.map((pair) => pair.peer)),
    });
  } finally {
    for (const crowd of ['ours', 'bare', 'plain']) await stage.leave(crowd);
    await plain.stop();
  }
}

/** The same with a real command behind every event. */
async function withCommands(stage: Stage, sessionId: string, count: number, everyMs: number): Promise<number> {
  const entryId = await stage.addWalkIn(sessionId);
  const times = 20;
  await delay(200);
  return await stage.deliveries(stage.hub, 'ours', times * count, async () => {
    for (let i = 0; i < times; i++) await Promise.all([stage.raise(sessionId, entryId), delay(everyMs)]);
  });
}
