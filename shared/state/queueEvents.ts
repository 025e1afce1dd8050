import { z } from 'zod';
import { consultMode, id, instant, priority } from '../contract/common.ts';

/** What happens in the queue of a desk session. Events carry ids and codes only; see `queue.ts` for what they add up to. */
export const entryState = z.enum([
  'waiting',
  'called',
  'in-consultation',
  'on-hold',
  /** Set aside after a call nobody answered: awaiting recall. */
  'skipped',
  'done',
  'no-show',
  'cancelled',
  'transferred',
]);
export type EntryState = z.infer<typeof entryState>;

/** Why staff is asked to look at an entry; see `alerts.ts`. */
export const alertKind = z.enum(['arrival', 'urgent', 'long-wait', 'waiting-room']);
export type AlertKind = z.infer<typeof alertKind>;

/** How somebody said that they are here: the clinic's code on their phone, the desk, or the online waiting room. */
export const checkInVia = z.enum(['qr', 'desk', 'waiting-room']);
export const pauseReason = z.enum(['break', 'emergency', 'late', 'technical', 'other']);
export type PauseReason = z.infer<typeof pauseReason>;

/** An entry of another desk session: where somebody came from or was sent to. */
export const entryElsewhere = z.object({ sessionId: id, entryId: id });

const envelope = { seq: z.int().positive(), at: instant, v: z.literal(1) };
const event = <T extends string, D extends z.ZodType>(type: T, data: D) =>
  z.object({ ...envelope, type: z.literal(type), data });
const ofEntry = z.object({ entryId: id });

export const queueEvent = z.discriminatedUnion('type', [
  event(
    'joined',
    z.object({
      entryId: id,
      patientId: id,
      token: z.int().positive(),
      mode: consultMode,
      source: z.enum(['online', 'walk-in']),
      priority,
      /** Transferred in: from where, since when they have been waiting there, and since when they are here. */
      from: entryElsewhere.extend({ joinedAt: instant, checkedInAt: instant.nullable().optional() }).optional(),
    }),
  ),
  event('checked-in', z.object({ entryId: id, via: checkInVia })),
  /** `turn: false`: not whose turn it was (chosen by the desk, or called back). */
  event('called', z.object({ entryId: id, turn: z.literal(false).optional() })),
  event('recalled', ofEntry),
  event('started', z.object({ entryId: id, encounterId: id })),
  event('finished', ofEntry),
  event('skipped', ofEntry),
  event('no-show', ofEntry),
  event('held', ofEntry),
  event('resumed', ofEntry),
  /** Back to waiting at a place among those of the same priority, 0 = first of them. */
  event('requeued', z.object({ entryId: id, index: z.int().nonnegative() })),
  event('prioritised', z.object({ entryId: id, priority })),
  event('triaged', z.object({ entryId: id, priority })),
  event('acknowledged', z.object({ entryId: id, alert: alertKind })),
  event('transferred', z.object({ entryId: id, to: entryElsewhere })),
  /** A transfer that could not be completed at the other desk: waiting here again. */
  event('returned', ofEntry),
  event('cancelled', ofEntry),
  /** Takes back the event `undoes` about this entry, the last one about it. */
  event('undone', z.object({ entryId: id, undoes: z.int().positive() })),
  event('desk-paused', z.object({ reason: pauseReason, until: instant.nullable() })),
  event('desk-resumed', z.object({})),
  /** The desk ends; who still waited goes to another desk (`moved`: entry id → entry there) or home. */
  event('desk-closed', z.object({ moved: z.record(id, entryElsewhere) })),
]);
export type QueueEvent = z.infer<typeof queueEvent>;
type DeskEventType = 'desk-paused' | 'desk-resumed' | 'desk-closed';
/** An event about the desk as a whole. */
export type DeskEvent = Extract<QueueEvent, { type: DeskEventType }>;
/** An event about one entry. */
export type EntryEvent = Exclude<QueueEvent, DeskEvent>;
export type QueueEventBody = QueueEvent extends infer E
  ? E extends QueueEvent
    ? Pick<E, 'type' | 'data'>
    : never
  : never;

/** The entry an event is about, or null when it is about the desk. */
export function entryOf(event: Pick<QueueEvent, 'data'>): string | null {
  return 'entryId' in event.data ? event.data.entryId : null;
}
