import fc from 'fast-check';
import type { ChatEvent } from '../../shared/state/chat.ts';
import { noticeTag, type Notice } from '../../shared/state/notices.ts';
import type { NotificationEvent } from '../../shared/state/notifications.ts';
import type { QueueEvent } from '../../shared/state/queue.ts';

export const uuid = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;

const priority = fc.constantFrom('normal', 'urgent', 'emergency');
const step = fc.record({
  kind: fc.constantFrom(
    'joined',
    'joined',
    'called',
    'recalled',
    'started',
    'finished',
    'skipped',
    'cancelled',
    'prioritised',
    'checked-in',
    'no-show',
    'held',
    'resumed',
    'requeued',
    'triaged',
    'acknowledged',
    'transferred',
    'returned',
    'undone',
    'undone',
    'desk-paused',
    'desk-resumed',
    'desk-closed',
  ),
  who: fc.nat(30),
  pause: fc.nat(60_000),
  mode: fc.constantFrom('video', 'in-person'),
  source: fc.constantFrom('online', 'walk-in'),
  priority,
  number: fc.nat(12),
});

/** Logs of a queue: every event type, in orders that make sense and in orders that do not. A reducer must take them all. */
export const queueLogs: fc.Arbitrary<QueueEvent[]> = fc.array(step, { maxLength: 40 }).map((steps) => {
  let joined = 0;
  let at = 1_700_000_000_000;
  return steps.map(({ kind, who, pause, mode, source, priority: set, number }, i): QueueEvent => {
    at += pause;
    const base = { seq: i + 1, at, v: 1 as const };
    // Now and then somebody nobody has heard of.
    const entryId = uuid(who % (joined + 2));
    switch (kind) {
      case 'joined': {
        const token = ++joined;
        const data = { entryId: uuid(token), patientId: uuid(100 + token), token, mode, source, priority: set };
        // Now and then somebody who was sent here, and has waited a while.
        const from = { sessionId: uuid(900), entryId: uuid(700 + token), joinedAt: at - number * 30_000 };
        return { ...base, type: 'joined', data: number > 9 ? { ...data, from } : data };
      }
      case 'started':
        return { ...base, type: 'started', data: { entryId, encounterId: uuid(500 + i) } };
      case 'prioritised':
      case 'triaged':
        return { ...base, type: kind, data: { entryId, priority: set } };
      case 'checked-in':
        return { ...base, type: kind, data: { entryId, via: number % 2 ? 'qr' : 'desk' } };
      case 'requeued':
        return { ...base, type: kind, data: { entryId, index: number } };
      case 'acknowledged':
        return { ...base, type: kind, data: { entryId, alert: number % 2 ? 'arrival' : 'long-wait' } };
      case 'transferred':
        return { ...base, type: kind, data: { entryId, to: { sessionId: uuid(901), entryId: uuid(800 + i) } } };
      case 'undone':
        return { ...base, type: kind, data: { entryId, undoes: Math.max(1, i) } };
      case 'desk-paused':
        return { ...base, type: kind, data: { reason: 'break', until: number % 2 ? at + 600_000 : null } };
      case 'desk-resumed':
        return { ...base, type: kind, data: {} };
      case 'desk-closed': {
        const to = { sessionId: uuid(901), entryId: uuid(800 + i) };
        return { ...base, type: kind, data: { moved: number % 2 ? { [entryId]: to } : {} } };
      }
      default:
        return { ...base, type: kind, data: { entryId } };
    }
  });
});

/** Logs of a chat thread, of any length around a page: messages, changes and withdrawals of any of them, also twice or of none. */
export const chatLogs: fc.Arbitrary<ChatEvent[]> = fc
  .array(
    fc.record({
      kind: fc.constantFrom('posted', 'posted', 'posted', 'posted', 'edited', 'deleted'),
      who: fc.nat(1),
      which: fc.nat(160),
      text: fc.string({ minLength: 1, maxLength: 20, unit: 'grapheme' }),
    }),
    { maxLength: 150 },
  )
  .map((all) =>
    all.map(({ kind, who, which, text }, i): ChatEvent => {
      const base = { seq: i + 1, at: 1_700_000_000_000 + i, v: 1 as const };
      if (kind === 'posted') {
        return {
          ...base,
          type: 'posted',
          data: { messageId: uuid(1_000 + i), author: uuid(who), side: 'patient', text },
        };
      }
      const messageId = uuid(1_000 + (which % (i + 1)));
      return kind === 'edited'
        ? { ...base, type: 'edited', data: { messageId, text } }
        : { ...base, type: 'deleted', data: { messageId } };
    }),
  );

/** Logs of notifications: several of one tag, read, taken back, and what nobody has heard of; longer than the list is. */
export const notificationLogs: fc.Arbitrary<NotificationEvent[]> = fc
  .array(
    fc.record({ what: fc.constantFrom('chat', 'chat', 'news', 'read', 'allRead', 'dismissed'), which: fc.nat(12) }),
    { maxLength: 160 },
  )
  .map((steps) =>
    steps.map(({ what, which }, i): NotificationEvent => {
      const base = { seq: i + 1, at: 1_700_000_000_000 + i, v: 1 as const };
      // Mostly something recent; now and then something that never was.
      const notificationId = uuid(2_000 + i - which);
      if (what === 'read') return { ...base, type: 'read', data: { notificationId } };
      if (what === 'dismissed') return { ...base, type: 'dismissed', data: { notificationId } };
      if (what === 'allRead') return { ...base, type: 'allRead', data: { upTo: Math.max(1, i - which) } };
      const notice: Notice =
        what === 'chat'
          ? { kind: 'chat.message', threadId: uuid(which) }
          : { kind: 'announcement', announcementId: uuid(3_000 + i) };
      return { ...base, type: 'notified', data: { notificationId: uuid(2_000 + i), notice, tag: noticeTag(notice) } };
    }),
  );

/** Makes any change to it, however deep, an error. */
export function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(frozen);
  }
  return value;
}
