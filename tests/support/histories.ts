import fc from 'fast-check';
import type { ChatEvent } from '../../shared/state/chat.ts';
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
  ),
  who: fc.nat(30),
  pause: fc.nat(60_000),
  mode: fc.constantFrom('video', 'in-person'),
  source: fc.constantFrom('online', 'walk-in'),
  priority,
});

/** Logs of a queue: every event type, in orders that make sense and in orders that do not. A reducer must take them all. */
export const queueLogs: fc.Arbitrary<QueueEvent[]> = fc.array(step, { maxLength: 40 }).map((steps) => {
  let joined = 0;
  let at = 1_700_000_000_000;
  return steps.map(({ kind, who, pause, mode, source, priority: set }, i): QueueEvent => {
    at += pause;
    const base = { seq: i + 1, at, v: 1 as const };
    // Now and then somebody nobody has heard of.
    const entryId = uuid(who % (joined + 2));
    switch (kind) {
      case 'joined': {
        const token = ++joined;
        const data = { entryId: uuid(token), patientId: uuid(100 + token), token, mode, source, priority: set };
        return { ...base, type: 'joined', data };
      }
      case 'started':
        return { ...base, type: 'started', data: { entryId, encounterId: uuid(500 + i) } };
      case 'prioritised':
        return { ...base, type: 'prioritised', data: { entryId, priority: set } };
      default:
        return { ...base, type: kind, data: { entryId } };
    }
  });
});

/** Logs of a chat thread, of any length around a page. */
export const chatLogs: fc.Arbitrary<ChatEvent[]> = fc
  .array(fc.record({ who: fc.nat(1), text: fc.string({ minLength: 1, maxLength: 20, unit: 'grapheme' }) }), {
    maxLength: 120,
  })
  .map((all) =>
    all.map(({ who, text }, i) => ({
      seq: i + 1,
      at: 1_700_000_000_000 + i,
      v: 1,
      type: 'posted',
      data: { messageId: uuid(1_000 + i), author: uuid(who), text },
    })),
  );

/** Makes any change to it, however deep, an error. */
export function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(frozen);
  }
  return value;
}
