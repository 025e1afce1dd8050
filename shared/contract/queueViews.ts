import { z } from 'zod';
import { entryState, pauseReason } from '../state/queue.ts';
import { consultMode, gender, id, instant } from './common.ts';
import { triageRecord } from './triage.ts';

/** Minutes from now, whole, `low <= high`. Shown as "about 20–30 min". */
export const waitRange = z.object({ low: z.int().nonnegative(), high: z.int().nonnegative() });
export type WaitRange = z.infer<typeof waitRange>;

/** The doctor's state in words a patient is shown. */
export const doctorState = z.enum(['free', 'calling', 'consulting', 'on-break']);
export type DoctorState = z.infer<typeof doctorState>;

/** Why nobody is called just now, and until when as announced (null: not said). */
export const deskPause = z.object({ reason: pauseReason, until: instant.nullable() });
export type DeskPause = z.infer<typeof deskPause>;

/** A doctor's desk at a clinic on one morning or evening: what a patient may know of it. */
export const deskSession = z.object({
  id,
  doctorId: id,
  doctorName: z.string(),
  specialty: z.string(),
  clinicId: id,
  clinicName: z.string(),
  /** The clinic's IANA zone: announced times are said in it. */
  zone: z.string(),
  label: z.string(),
  startsAt: instant,
  waiting: z.int().nonnegative(),
  /** How long somebody joining now would wait. */
  range: waitRange.nullable(),
  doctor: doctorState,
  pause: deskPause.nullable(),
  /** It takes nobody new: its doctor may not practise now. */
  joinable: z.literal(false).optional(),
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
  /** When the patient was marked as here (at the clinic, or ready in the online waiting room). */
  checkedInAt: instant.nullable(),
  clinicId: id,
  doctorName: z.string(),
  clinicName: z.string(),
  zone: z.string(),
  doctor: doctorState,
  pause: deskPause.nullable(),
  /** It ended because the desk closed. */
  deskClosed: z.boolean(),
  /** Sent on to another desk: the place there. */
  movedTo: z.object({ entryId: id, doctorName: z.string() }).nullable(),
  /** Came from another desk. */
  movedFrom: z.object({ doctorName: z.string() }).nullable(),
});
export type Place = z.infer<typeof place>;

/** What a place tells whoever holds its link, without a sign-in: no name, no id of a person. */
export const linkedPlace = place
  .pick({
    token: true,
    mode: true,
    state: true,
    ahead: true,
    range: true,
    recalls: true,
    calledAt: true,
    endedAt: true,
    checkedInAt: true,
    doctorName: true,
    clinicName: true,
    zone: true,
    doctor: true,
    pause: true,
    deskClosed: true,
  })
  .extend({ movedTo: z.object({ doctorName: z.string() }).nullable() });
export type LinkedPlace = z.infer<typeof linkedPlace>;

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
  /** Sent here by whom. */
  transferredBy: z.string().nullable(),
});
export const directory = z.object({
  entries: z.record(id, directoryEntry),
  /** From how many minutes on a wait is long here, as the clinic has set it. */
  longWaitMinutes: z.int().positive().optional(),
});
export type Directory = z.infer<typeof directory>;

/** What nurses found, the newest of each entry, by entry id: for who is trusted with it. */
export const triages = z.object({ entries: z.record(id, triageRecord) });
export type Triages = z.infer<typeof triages>;
