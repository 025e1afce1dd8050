import { tokenLabel, type AlertKind, type QueueEntry, type QueueState } from './queue.ts';

/** Something at a desk that a member of staff should look at. It stands until handled by anyone, or until it is over. */
export interface Alert {
  /** `entryId:kind`: the same alert has the same key everywhere. */
  readonly key: string;
  readonly entryId: string;
  readonly token: string;
  readonly kind: AlertKind;
  /** Since when it stands, UTC ms. */
  readonly since: number;
}

const minute = 60_000;

/**
 * The alerts of a queue at a moment, oldest first. Derived from the queue alone, so that every desk has the same ones and
 * one handled by anybody (an `acknowledged` event) is gone for all.
 * @param longWaitMinutes from when on waiting is too long.
 */
export function alertsOf(state: QueueState, now: number, longWaitMinutes: number): Alert[] {
  return Object.values(state.entries)
    .filter((entry) => entry.state === 'waiting')
    .flatMap((entry) => standing(entry, now, longWaitMinutes * minute))
    .sort((a, b) => a.since - b.since);
}

function standing(entry: QueueEntry, now: number, longWait: number): Alert[] {
  const found: [AlertKind, number][] = [];
  if (entry.priority !== 'normal') found.push(['urgent', entry.triagedAt ?? entry.joinedAt]);
  if (entry.checkedInAt !== null && entry.source === 'online') {
    found.push([entry.mode === 'video' ? 'waiting-room' : 'arrival', entry.checkedInAt]);
  }
  if (now - entry.joinedAt >= longWait) found.push(['long-wait', entry.joinedAt + longWait]);
  return found
    .filter(([kind]) => !entry.acknowledged.includes(kind))
    .map(([kind, since]) => ({
      key: `${entry.id}:${kind}`,
      entryId: entry.id,
      token: tokenLabel(entry.token),
      kind,
      since,
    }));
}
