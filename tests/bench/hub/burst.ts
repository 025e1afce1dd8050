import { interleave, mean } from '../support/measure.ts';
import { figures, type Figures } from '../support/report.ts';
import { send, type Stage } from '../support/Stage.ts';

/** 200 updates to one queue within 100 ms, before 1,000 sockets. */
const burstOf = { times: 50, perTick: 4, everyMs: 2 };
const updates = burstOf.times * burstOf.perTick;

/** CPU per update from the committed append on, and how much later the last of a hundred arrives than from a bare server. */
export async function burst(stage: Stage): Promise<Figures> {
  const count = stage.scaled(1_000);
  const [sessionId = ''] = await stage.sessions(1);
  const staff = await stage.people('staff', 20);
  const rooms = [{ channel: 'queue', key: sessionId }];
  const greet = (kind: 'hub' | 'bare') =>
    Array.from({ length: count }, (_, i) => ({ kind, token: staff[i % staff.length]?.token, rooms }));
  await stage.gather('ours', stage.hub, greet('hub'));
  await stage.gather('bare', stage.bare, greet('bare'));
  const p99 = { ours: [] as number[], bare: [] as number[] };
  await stage.cost(stage.hub, 'ours', count, () => stage.publish({ keys: [sessionId], times: 1, everyMs: 100 }));
  const { last: frame } = await stage.tally('ours');
  const ours = async () => {
    const cpu = await stage.cost(stage.hub, 'ours', updates * count, () =>
      stage.publish({ keys: [sessionId], ...burstOf }),
    );
    p99.ours.push((await stage.tally('ours')).p99);
    return (cpu / updates) * 1e6;
  };
  const bare = async () => {
    const cpu = await stage.cost(stage.bare, 'bare', updates * count, () =>
      send(stage.bare, { rooms: [`queue:${sessionId}`], frame, ...burstOf }),
    );
    p99.bare.push((await stage.tally('bare')).p99);
    return (cpu / updates) * 1e6;
  };
  await ours();
  await bare();
  p99.ours.length = p99.bare.length = 0;
  const pairs = await interleave(stage.pairs, ours, bare);
  const whole = await withCommands(stage, sessionId, count);
  const added = mean(p99.ours) - mean(p99.bare);
  const result = figures({ unit: 'CPU µs per update', target: 0.1, best: 'low' }, pairs, {
    'p99 ms': mean(p99.ours),
    'added p99 ms': added,
    'with commands': whole / mean(pairs.map((pair) => pair.peer)),
  });
  return { ...result, json: { ...result.json, met: result.json['met'] === true && added <= 50 } };
}

/** The same with a real command behind every update, CPU µs each. */
async function withCommands(stage: Stage, sessionId: string, count: number): Promise<number> {
  const entryId = await stage.addWalkIn(sessionId);
  await new Promise((resolve) => setTimeout(resolve, 300));
  const cpu = await stage.cost(stage.hub, 'ours', updates * count, () =>
    Promise.all(Array.from({ length: updates }, () => stage.raise(sessionId, entryId))),
  );
  return (cpu / updates) * 1e6;
}
