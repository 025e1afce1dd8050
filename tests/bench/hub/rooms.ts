import { interleave } from '../support/measure.ts';
import { figures, type Figures } from '../support/report.ts';
import { send, type Stage } from '../support/Stage.ts';

/** Many small rooms: an event to each of 500 queues that ten sockets look at. */
export async function rooms(stage: Stage): Promise<Figures> {
  const [count, each, times] = [stage.scaled(500), 10, 8];
  const keys = await stage.sessions(count);
  const staff = await stage.people('staff', 20);
  const greet = (kind: 'hub' | 'bare') =>
    Array.from({ length: count * each }, (_, i) => ({
      kind,
      token: staff[i % staff.length]?.token,
      rooms: [{ channel: 'queue', key: keys[i % count] ?? '' }],
    }));
  await stage.gather('ours', stage.hub, greet('hub'));
  await stage.gather('bare', stage.bare, greet('bare'));
  const events = times * count * each;
  const everyMs = 150;
  const ours = () => stage.deliveries(stage.hub, 'ours', events, () => stage.publish({ keys, times, everyMs }));
  await ours();
  const { last: frame } = await stage.tally('ours');
  const round = { rooms: keys.map((key) => `queue:${key}`), frame, times, everyMs };
  const bare = () => stage.deliveries(stage.bare, 'bare', events, () => send(stage.bare, round));
  await bare();
  const pairs = await interleave(stage.pairs, ours, bare);
  return figures({ unit: 'deliveries per CPU-second', target: 0.9, best: 'high' }, pairs, { rooms: count });
}
