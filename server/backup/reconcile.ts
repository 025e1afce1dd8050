import { z } from 'zod';

/** Documents of an archive are read after its events, by this much at most before effects of earlier events are done, ms. */
const redriveMs = 30 * 60_000;

/** A document as it is restored; values of types that JSON has not are kept as they are. */
export type AnyDoc = Readonly<Record<string, unknown>>;

/** What the restored events say, which the other documents must not be ahead of. */
export interface Restored {
  /** Seq of the last restored event of a stream; 0 when there is none. */
  head(stream: string): number;
  /** Events later than this are not in the archive, UTC ms. */
  readonly cut: number;
}

type Rule = (doc: AnyDoc, restored: Restored) => AnyDoc;

/** Lowers what was taken from an event that the archive does not hold: the stream will give that number to another. */
function notAhead(doc: AnyDoc, stream: string, fields: readonly string[], restored: Restored): AnyDoc {
  const ahead = fields.filter((field) => Number(doc[field]) > restored.head(stream));
  return ahead.length === 0
    ? doc
    : { ...doc, ...Object.fromEntries(ahead.map((field) => [field, restored.head(stream)])) };
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

/** Which documents follow a stream, and how each is brought back to where the restored one ends. */
const rules: Readonly<Record<string, Rule>> = {
  encounters: (doc, restored) => {
    const brought = notAhead(doc, `queue:${text(doc['sessionId'])}`, ['seq'], restored);
    // 0 is no number of an event: without one, any event may change it.
    if (brought['seq'] !== 0) return brought;
    const { seq: _, ...rest } = brought;
    return rest;
  },
  threads: (doc, restored) => notAhead(doc, `chat:${text(doc['_id'])}`, ['lastSeq'], restored),
  receipts: (doc, restored) => notAhead(doc, `chat:${text(doc['threadId'])}`, ['deliveredSeq', 'readSeq'], restored),
  places: (doc, restored) => {
    const brought = notAhead(doc, `queue:${text(doc['sessionId'])}`, ['kept'], restored);
    // Taken after the cut, the queue does not know of it: the sweep joins it, or notes that it had.
    const recent = Number(doc['createdAt']) > restored.cut - redriveMs;
    return recent && doc['active'] === true && doc['joiningSince'] === undefined
      ? { ...brought, joiningSince: 0 }
      : brought;
  },
  // Closed after the cut, while its queue says that it is open.
  deskSessions: (doc, { cut }) => {
    if (!(Number(doc['closedAt']) > cut)) return doc;
    const { closedAt: _, ...open } = doc;
    return { ...open, status: 'open' };
  },
  // Where a room ran is of another day, and its number may be ahead: placed anew when somebody joins.
  rooms: (doc) => ({ ...doc, node: null, at: 0 }),
};

/** A document as it fits the restored events. */
export function reconciled(collection: string, doc: AnyDoc, restored: Restored): AnyDoc {
  return rules[collection]?.(doc, restored) ?? doc;
}

/**
 * An event with its effects due again when they may have been done after the archive was cut: they are idempotent, and what they
 * did may not be in it.
 * @param at when it was, UTC ms.
 */
export function redriven(event: AnyDoc, at: number, cut: number): AnyDoc {
  if (at <= cut - redriveMs) return event;
  const effects = effectList.safeParse(event['effects']).data;
  if (!effects?.some(({ state }) => state === 'done')) return event;
  const again = effects.map((one) => (one.state === 'done' ? { ...one, state: 'pending', attempts: 0 } : one));
  return { ...event, effects: again, due: event['at'] };
}

const effectList = z.array(z.looseObject({ state: z.string() }));
