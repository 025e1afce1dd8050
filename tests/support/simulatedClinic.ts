import { estimateWaits, recentVisits, type Visit } from '../../server/queue/estimate.ts';
import type { ConsultMode, Priority } from '../../shared/contract/common.ts';
import {
  atDesk,
  emptyQueue,
  reduceQueue,
  waitingOrder,
  type QueueEventBody,
  type QueueState,
} from '../../shared/state/queue.ts';

/** One patient's wait: what was promised at joining and what came, minutes. */
export interface Wait {
  readonly actual: number;
  readonly low: number;
  readonly high: number;
  /** What “number ahead × slot length” would have said. */
  readonly naive: number;
}

const minute = 60_000;

/** Seeded random numbers in [0, 1) (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * One day at one desk, event by event: patients arrive at random, some urgent, some gone when called; visits differ from
 * doctor to doctor and from one to the next (log-normal); the doctor may begin late and takes a break, both announced with
 * an end that is about right. Returns the waits of those who were not urgent.
 * @param known how many earlier visits of this doctor the estimate may look at besides; an oracle has hundreds.
 */
export function simulateDay(seed: number, known?: number): Wait[] {
  const random = seededRandom(seed);
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const slotMinutes = [10, 15, 15, 20][Math.floor(random() * 4)] ?? 15;
  const usual = { video: slotMinutes * (0.5 + random() * 0.8), 'in-person': slotMinutes * (0.5 + random() * 0.9) };
  const sigma = 0.3 + random() * 0.3;
  const length = (mode: ConsultMode): number => usual[mode] * Math.exp(sigma * normal());
  const anyMode = (): ConsultMode => (random() < 0.4 ? 'video' : 'in-person');
  const visit = (): Visit => {
    const mode = anyMode();
    return { mode, minutes: length(mode) };
  };
  const earlier: Visit[] = Array.from({ length: Math.floor(random() * 60) }, visit);
  const absent = 0.02 + random() * 0.13;
  const arrivals: { at: number; mode: ConsultMode; priority: Priority }[] = [];
  for (let at = 0; at < 240;) {
    at -= Math.log(1 - random()) * usual['in-person'] * (0.8 + random() * 0.3);
    arrivals.push({ at, mode: anyMode(), priority: random() < 0.06 ? 'urgent' : 'normal' });
  }

  const late = random() < 0.4 ? 5 + random() * 25 : 0;
  const restAt = random() < 0.6 ? 80 + random() * 80 : Infinity;
  const rest = 8 + random() * 14;
  const slips = [4 * normal(), 3 * normal()] as const;
  // Drawn last, so that the day is the same with and without.
  if (known !== undefined) earlier.push(...Array.from({ length: known }, visit));

  let state: QueueState = emptyQueue;
  let seq = 0;
  const apply = (body: QueueEventBody, at: number): void => {
    state = reduceQueue(state, { ...body, seq: (seq += 1), at: Math.round(at * minute), v: 1 });
  };
  const promised = new Map<string, { low: number; high: number; at: number; naive: number }>();
  const waits: Wait[] = [];
  let next = 0;
  const joinUntil = (time: number): void => {
    for (let who = arrivals[next]; who && who.at < time; who = arrivals[next]) {
      next += 1;
      const { at, mode, priority } = who;
      const entryId = `00000000-0000-4000-8000-${String(next).padStart(12, '0')}`;
      const before = waitingOrder(state).length + (atDesk(state) ? 1 : 0);
      const data = { entryId, patientId: entryId, token: next, mode, source: 'online' as const, priority };
      apply({ type: 'joined', data }, at);
      const recent = [...finished(state), ...earlier].slice(0, known ?? recentVisits);
      const range = estimateWaits(state, { slotMinutes, recent }, at * minute).entries.get(entryId);
      if (range && priority === 'normal') promised.set(entryId, { ...range, at, naive: before * slotMinutes });
    }
  };

  /** The desk is on a break from `from` on, announced to end after `minutes`; returns when it does. */
  const breakFrom = (from: number, minutes: number, slip: number, reason: 'late' | 'break'): number => {
    joinUntil(from);
    apply({ type: 'desk-paused', data: { reason, until: Math.round((from + minutes) * minute) } }, from);
    const ends = from + Math.max(1, minutes + slip);
    joinUntil(ends);
    apply({ type: 'desk-resumed', data: {} }, ends);
    return ends;
  };

  let freeAt = late > 0 ? breakFrom(0, late, slips[0], 'late') : 0;
  let rested = false;
  while (next < arrivals.length || waitingOrder(state).length > 0) {
    joinUntil(freeAt);
    if (!rested && freeAt >= restAt) {
      rested = true;
      freeAt = breakFrom(freeAt, rest, slips[1], 'break');
    }
    const first = waitingOrder(state)[0];
    if (!first) {
      freeAt = Math.max(freeAt, (arrivals[next]?.at ?? 0) + 0.001);
      continue;
    }
    const entryId = first.id;
    apply({ type: 'called', data: { entryId } }, freeAt);
    const promise = promised.get(entryId);
    if (promise) waits.push({ ...promise, actual: freeAt - promise.at });
    if (random() < absent) {
      freeAt += 1.5 + random();
      joinUntil(freeAt);
      apply({ type: 'no-show', data: { entryId } }, freeAt);
      continue;
    }
    const begins = freeAt + 0.5 + random() * 1.5;
    joinUntil(begins);
    apply({ type: 'started', data: { entryId, encounterId: entryId } }, begins);
    const ends = begins + length(first.mode);
    joinUntil(ends);
    apply({ type: 'finished', data: { entryId } }, ends);
    freeAt = ends;
  }
  return waits;
}

/** Visits of the day so far, the newest first. */
function finished(state: QueueState): Visit[] {
  return Object.values(state.entries)
    .filter((entry) => entry.state === 'done')
    .sort((a, b) => (b.endedAt ?? 0) - (a.endedAt ?? 0))
    .map((entry) => ({ mode: entry.mode, minutes: ((entry.endedAt ?? 0) - (entry.startedAt ?? 0)) / minute }));
}
