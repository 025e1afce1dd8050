import { interleave } from '../support/measure.ts';
import { figures, type Figures } from '../support/report.ts';
import type { Stage } from '../support/Stage.ts';

/** Memory per connection that does nothing: the slope between two crowds, after garbage collection, bytes. */
export async function idle(stage: Stage): Promise<Figures> {
  const [few, more] = [100, stage.scaled(1_500)];
  const staff = await stage.people('staff', more);
  const greet = (kind: 'hub' | 'bare', from: number, to: number) =>
    staff.slice(from, to).map(({ token }) => ({ kind, token, rooms: [] }));
  const round = (kind: 'hub' | 'bare') => async () => {
    await stage.gather(kind, stage[kind], greet(kind, 0, few));
    const before = await settled(stage, kind);
    await stage.gather(kind, stage[kind], greet(kind, few, more));
    const after = await settled(stage, kind);
    await stage.leave(kind);
    await settled(stage, kind);
    return (after - before) / (more - few);
  };
  await round('hub')();
  await round('bare')();
  const pairs = await interleave(stage.pairs, round('hub'), round('bare'));
  return figures({ unit: 'bytes per connection', target: 1.15, best: 'low' }, pairs);
}

/** Memory when what was begun has ended. */
async function settled(stage: Stage, kind: 'hub' | 'bare'): Promise<number> {
  await new Promise((resolve) => setTimeout(resolve, 500));
  return (await stage[kind].usage(true)).memory;
}
