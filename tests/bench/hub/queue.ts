import { mean, type Pair } from '../support/measure.ts';
import { figures, type Figures } from '../support/report.ts';
import { takePlace } from '../support/people.ts';
import type { Stage } from '../support/Stage.ts';

const perSecond = 10;

/** The product's real work: 200 patients who see their own place, 20 staff with the queue and its directory, 5 boards. */
export async function queue(stage: Stage): Promise<Figures> {
  const [sessionId = ''] = await stage.sessions(1);
  const patients = await stage.people('patient', 200);
  const staff = await stage.people('staff', 20);
  const boards = await Promise.all(
    Array.from({ length: 5 }, async (_, i) => {
      const wanted = { clinicId: stage.clinicId, doctorId: null, name: `Board ${i}` };
      return (await stage.staff.call('board.create', wanted)).boardId;
    }),
  );
  const entries: string[] = [];
  for (const patient of patients) entries.push(await takePlace(stage.hub.url, sessionId, patient));
  await stage.gather('desks', stage.hub, [
    ...staff.map(({ token }) => ({ kind: 'hub' as const, token, rooms: of(sessionId, ['queue', 'directory']) })),
    ...staff
      .slice(0, 5)
      .map(({ token }, i) => ({ kind: 'hub' as const, token, rooms: of(boards[i] ?? '', ['board']) })),
  ]);
  await stage.gather(
    'patients',
    stage.hub,
    patients.map(({ token }, i) => ({ kind: 'hub' as const, token, rooms: of(entries[i] ?? '', ['place']) })),
  );
  const seconds = stage.quick ? 1 : 3;
  const last = entries.at(-1) ?? '';
  const pairs: Pair[] = [];
  const seen = { cpu: [] as number[], desk: [] as number[], place: [] as number[], views: [] as number[] };
  for (let round = 0; round <= stage.pairs; round++) {
    for (const crowd of ['desks', 'patients']) await stage.forget(crowd);
    const before = await stage.hub.usage();
    for (let i = 0; i < perSecond * seconds; i++) {
      const pause = new Promise((resolve) => setTimeout(resolve, 1000 / perSecond));
      // From last to second and back: everybody's place but the next one's changes every time.
      const position = i % 2 === 0 ? 2 : entries.length;
      await stage.staff.call('queue.requeue', { sessionId, entryId: last, position });
      await pause;
    }
    const cpu = (await stage.hub.usage()).cpu - before.cpu;
    const [desks, places] = [await stage.tally('desks'), await stage.tally('patients')];
    // The first round fills caches.
    if (round === 0) continue;
    pairs.push({ ours: Math.max(desks.p99, places.p99), peer: 150 });
    seen.cpu.push((cpu * 1000) / (perSecond * seconds));
    seen.desk.push(desks.p99);
    seen.place.push(places.p99);
    seen.views.push(places.views / (perSecond * seconds));
  }
  return figures({ unit: 'p99 commit → socket, ms (peer: the target)', target: 1, best: 'low' }, pairs, {
    'CPU ms per event': mean(seen.cpu),
    'desk p99 ms': mean(seen.desk),
    'place p99 ms': mean(seen.place),
    'places told per event': mean(seen.views),
  });
}

function of(key: string, channels: readonly string[]): { channel: string; key: string }[] {
  return channels.map((channel) => ({ channel, key }));
}
