import { interleave, median } from '../support/measure.ts';
import { figures, type Figures } from '../support/report.ts';
import type { Stage } from '../support/Stage.ts';

/**
 * Connections per second that are signed in and take part in three channels, a hundred at a time. The peer checks the same sign-in
 * (token, session, account, in the same database) and joins three rooms.
 */
export async function connect(stage: Stage): Promise<Figures> {
  const count = stage.scaled(400);
  const [sessionId = ''] = await stage.sessions(1);
  const staff = await stage.people('staff', count);
  const rooms = [
    { channel: 'queue', key: sessionId },
    { channel: 'directory', key: sessionId },
    { channel: 'lobby', key: stage.clinicId },
  ];
  const cpu = { hub: [] as number[], bare: [] as number[] };
  const round = (kind: 'hub' | 'bare') => async () => {
    const before = await stage[kind].usage();
    const greetings = staff.map(({ token }) => ({ kind, token, rooms }));
    const ms = await stage.gather(kind, stage[kind], greetings, 100);
    cpu[kind].push(((await stage[kind].usage()).cpu - before.cpu) / count);
    await stage.leave(kind);
    await new Promise((resolve) => setTimeout(resolve, 300));
    return (count * 1000) / ms;
  };
  await round('hub')();
  await round('bare')();
  const pairs = await interleave(stage.pairs, round('hub'), round('bare'));
  return figures({ unit: 'connections per second', target: 0.85, best: 'high' }, pairs, {
    'CPU ms': median(cpu.hub) * 1000,
    'bare CPU ms': median(cpu.bare) * 1000,
  });
}
