import { z } from 'zod';
import { limits } from '../limits.ts';
import { entryState, queueEvent, queueState } from '../state/queue.ts';
import { consultMode, gender, id, instant, line, personName, phone, priority, text } from './common.ts';
import { operation, stream, view } from './define.ts';

/** Minutes from now, whole, `low <= high`. Shown as "about 20–30 min". */
export const waitRange = z.object({ low: z.int().nonnegative(), high: z.int().nonnegative() });
export type WaitRange = z.infer<typeof waitRange>;

/** A doctor's desk at a clinic on one morning or evening: what a patient may know of it. */
export const deskSession = z.object({
  id,
  doctorName: z.string(),
  specialty: z.string(),
  clinicId: id,
  clinicName: z.string(),
  label: z.string(),
  startsAt: instant,
  waiting: z.int().nonnegative(),
  /** How long somebody joining now would wait. */
  range: waitRange.nullable(),
  /** `free`, `calling` or `consulting`: the doctor's state in words a patient is shown. */
  doctor: z.enum(['free', 'calling', 'consulting']),
});
export type DeskSession = z.infer<typeof deskSession>;

/** One's own place in a queue: nothing in it comes from another patient but the count. */
export const place = z.object({
  entryId: id,
  sessionId: id,
  patientId: id,
  patientName: z.string(),
  token: z.string(),
  mode: consultMode,
  state: entryState,
  /** How many will be called before this one; 0 = next. */
  ahead: z.int().nonnegative(),
  range: waitRange.nullable(),
  recalls: z.int().nonnegative(),
  joinedAt: instant,
  calledAt: instant.nullable(),
  /** When the consultation began: the call timer counts from it. */
  startedAt: instant.nullable(),
  endedAt: instant.nullable(),
  doctorName: z.string(),
  clinicName: z.string(),
  doctor: z.enum(['free', 'calling', 'consulting']),
});
export type Place = z.infer<typeof place>;

/** What a desk may know of the people in its queue. */
export const directoryEntry = z.object({
  entryId: id,
  patientId: id,
  name: z.string(),
  code: z.string(),
  gender,
  birthYear: z.int().nullable(),
  phone: z.string().nullable(),
  reason: z.string(),
});
export const directory = z.object({ entries: z.record(id, directoryEntry) });
export type Directory = z.infer<typeof directory>;

const deskOutput = z.object({ seq: z.int(), entryId: id });
const ofEntry = z.strictObject({ sessionId: id, entryId: id });
const deskCommand = (summary: string) =>
  operation({
    kind: 'command',
    summary,
    input: ofEntry,
    output: deskOutput,
    roles: ['doctor', 'staff'],
    rate: 'write',
    audited: true,
    once: 'stream',
  });

export const queueOperations = {
  'queue.sessions': operation({
    kind: 'query',
    summary: 'Open desk sessions: all for a patient to choose from, one’s own for a desk role.',
    input: z.strictObject({}),
    output: z.object({ sessions: z.array(deskSession) }),
    roles: ['patient', 'doctor', 'staff', 'admin'],
    rate: 'read',
  }),
  'queue.openSession': operation({
    kind: 'command',
    summary: 'Open a desk session for a doctor (oneself, or by staff of the clinic).',
    input: z.strictObject({ clinicId: id, doctorId: id.optional(), label: line(60) }),
    output: z.object({ sessionId: id }),
    roles: ['doctor', 'staff'],
    rate: 'write',
    audited: true,
    once: 'reply',
  }),
  'queue.join': operation({
    kind: 'command',
    summary: 'Take a place in a queue for a patient one acts for.',
    input: z.strictObject({ sessionId: id, patientId: id, mode: consultMode, reason: text(limits.reasonChars) }),
    output: z.object({ entryId: id, token: z.string() }),
    roles: ['patient'],
    rate: 'write',
    audited: true,
    once: 'stream',
  }),
  'queue.leave': operation({
    kind: 'command',
    summary: 'Give up one’s own place before the consultation.',
    input: z.strictObject({ entryId: id }),
    output: z.object({ entryId: id }),
    roles: ['patient'],
    rate: 'write',
    audited: true,
    once: 'stream',
  }),
  'queue.addWalkIn': operation({
    kind: 'command',
    summary: 'Register somebody at the desk, without a login, and give them a token.',
    input: z.strictObject({
      sessionId: id,
      name: personName,
      phone: phone.optional(),
      age: z.int().min(0).max(130),
      gender,
      reason: text(limits.reasonChars),
      priority: priority.default('normal'),
    }),
    output: z.object({ entryId: id, patientId: id, patientCode: z.string(), token: z.string() }),
    roles: ['staff', 'doctor'],
    rate: 'write',
    sensitive: true,
    audited: true,
    once: 'stream',
  }),
  'queue.callNext': operation({
    kind: 'command',
    summary:
      'Call whoever is next. `seen` is the entry called last as the caller knows it; a stale one gets QUEUE_MOVED.',
    input: z.strictObject({ sessionId: id, seen: id.nullable() }),
    output: deskOutput,
    roles: ['doctor', 'staff'],
    rate: 'write',
    audited: true,
    once: 'stream',
  }),
  'queue.recall': deskCommand('Repeat the call, or call somebody who was skipped.'),
  'queue.start': deskCommand('The consultation begins.'),
  'queue.finish': deskCommand('The consultation is over.'),
  'queue.skip': deskCommand('The called patient did not come: set aside, may be recalled.'),
  'queue.cancel': deskCommand('Take an entry off the list for good.'),
  'queue.prioritise': operation({
    kind: 'command',
    summary: 'Set an entry’s priority; desk roles only.',
    input: z.strictObject({ sessionId: id, entryId: id, priority }),
    output: deskOutput,
    roles: ['doctor', 'staff'],
    rate: 'write',
    audited: true,
    once: 'stream',
  }),
  'queue.history': operation({
    kind: 'query',
    summary: 'Places of the patients one acts for, newest first.',
    input: z.strictObject({ limit: z.int().min(1).max(50).default(20) }),
    output: z.object({ places: z.array(place) }),
    roles: ['patient'],
    rate: 'read',
    audited: true,
  }),
};

export const queueChannels = {
  queue: stream({
    summary: 'A desk session’s queue, whole; for those who work at it. Key: session id.',
    roles: ['doctor', 'staff', 'admin'],
    key: id,
    snapshot: queueState,
    event: queueEvent,
  }),
  directory: view({
    summary: 'Who the people in a session’s queue are. Key: session id.',
    roles: ['doctor', 'staff', 'admin'],
    key: id,
    state: directory,
  }),
  place: view({
    summary: 'One’s own place. Key: entry id.',
    roles: ['patient'],
    key: id,
    state: place,
  }),
  myPlaces: view({
    summary: 'Entries in which patients I act for are now. Key: account id (one’s own).',
    roles: ['patient'],
    key: id,
    state: z.object({ entryIds: z.array(id) }),
  }),
  lobby: view({
    summary: 'Open desk sessions of a clinic with how busy each is. Key: clinic id.',
    roles: ['patient', 'doctor', 'staff', 'admin'],
    key: id,
    state: z.object({ sessions: z.array(deskSession) }),
  }),
};
