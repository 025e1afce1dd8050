import { interleave, mean } from '../support/measure.ts';
import { figures, type Figures } from '../support/report.ts';
import type { Stage } from '../support/Stage.ts';

/**
 * Everybody is cut off at once and comes back at once, while the queue goes on: ms until all are signed in, subscribed and
 * level with the server. A bare server's clients only join their room again.
 */
export async function storm(stage: Stage): Promise<Figures> {
  const count = stage.scaled(5_000);
  const [sessionId = ''] = await stage.sessions(1);
  const entryId = await stage.addWalkIn(sessionId);
  const staff = await stage.people('staff', stage.scaled(1_000));
  const rooms = [{ channel: 'queue', key: sessionId }];
  const greet = (kind: 'hub' | 'bare') =>
    Array.from({ length: count }, (_, i) => ({ kind, token: staff[i % staff.length]?.token, rooms }));
  await stage.gather('hub', stage.hub, greet('hub'));
  await stage.gather('bare', stage.bare, greet('bare'));
  let seq = 0;
  let gaps = 0;
  let behind = 0;
  const raise = async (times: number): Promise<void> => {
    for (let i = 0; i < times; i++, seq++) await stage.raise(sessionId, entryId);
  };
  const round = (kind: 'hub' | 'bare') => async () => {
    await stage.forget(kind);
    const storming = stage.crowd<number>('storm', { crowd: kind });
    await stage[kind].remote.call('cut');
    // The queue goes on while they are away.
    const goesOn = kind === 'hub' ? stage.staff.connect().then(() => raise(5)) : null;
    const ms = await storming;
    await goesOn;
    if (kind === 'hub') {
      await raise(1);
      const head = 1 + seq;
      for (let tries = 0; (await stage.tally('hub')).lowestSeq < head && tries < 100; tries++) {
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      const { lowestSeq, gaps: seen } = await stage.tally('hub');
      if (lowestSeq < head) behind++;
      gaps += seen;
    }
    return ms;
  };
  const pairs = await interleave(stage.pairs, round('hub'), round('bare'));
  const result = figures({ unit: 'ms until all are level', target: 1.5, best: 'low' }, pairs, {
    sockets: count,
    gaps,
    behind,
    'connections/s': (count * 1000) / mean(pairs.map((pair) => pair.ours)),
  });
  return { ...result, json: { ...result.json, met: result.json['met'] === true && gaps === 0 && behind === 0 } };
}
