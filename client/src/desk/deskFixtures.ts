import type { Directory } from '../../../shared/contract/queueViews.ts';
import { emptyQueue, reduceQueue, type QueueEventBody, type QueueState } from '../../../shared/state/queue.ts';

/** Test support: a queue built by the real reducer from events, one minute apart, and its directory. */
export const start = Date.UTC(2026, 10, 21, 4, 0);
export const idOf = (n: number) => `00000000-0000-7000-8000-${String(n).padStart(12, '0')}`;

export function queueOf(...bodies: QueueEventBody[]): QueueState {
  return bodies.reduce<QueueState>((state, body, i) => {
    const envelope = { seq: i + 1, at: start + i * 60_000, v: 1 } as const;
    return reduceQueue(state, { ...envelope, ...body });
  }, emptyQueue);
}

export function joined(
  n: number,
  more: { priority?: 'normal' | 'urgent' | 'emergency'; mode?: 'video' | 'in-person' } = {},
): QueueEventBody {
  return {
    type: 'joined',
    data: {
      entryId: idOf(n),
      patientId: idOf(1000 + n),
      token: n,
      mode: more.mode ?? 'video',
      source: 'online',
      priority: more.priority ?? 'normal',
    },
  };
}
export const called = (n: number): QueueEventBody => ({ type: 'called', data: { entryId: idOf(n) } });
export const started = (n: number): QueueEventBody => ({
  type: 'started',
  data: { entryId: idOf(n), encounterId: idOf(2000 + n) },
});
export const finished = (n: number): QueueEventBody => ({ type: 'finished', data: { entryId: idOf(n) } });
export const held = (n: number): QueueEventBody => ({ type: 'held', data: { entryId: idOf(n) } });
export const skipped = (n: number): QueueEventBody => ({ type: 'skipped', data: { entryId: idOf(n) } });

export function directoryOf(names: Record<number, string>): Directory {
  return {
    entries: Object.fromEntries(
      Object.entries(names).map(([n, name]) => [
        idOf(Number(n)),
        {
          entryId: idOf(Number(n)),
          patientId: idOf(1000 + Number(n)),
          name,
          code: 'ND-7K3M-42QX',
          gender: 'female' as const,
          birthYear: 1992,
          phone: '+91 98450 01234',
          reason: 'Fever since two days',
          transferredBy: null,
        },
      ]),
    ),
  };
}
