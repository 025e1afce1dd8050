import { z } from 'zod';
import { threadKind } from '../../shared/contract/chat.ts';
import { consultMode, gender, permissionSet, role } from '../../shared/contract/common.ts';
import { council, doctorState, spokenLanguage, step } from '../../shared/contract/doctors.ts';
import { vitals } from '../../shared/contract/triage.ts';
import { fileType, threadSide } from '../../shared/state/chat.ts';

/** The documents of the platform as stored. Account ≠ patient ≠ doctor: see ARCHITECTURE "entities". */
export const account = z.object({
  _id: z.string(),
  /** Lower case. Absent for who signs in by phone only. */
  email: z.string().optional(),
  /** E.164, proved; a number belongs to one account. */
  phone: z.string().optional(),
  /** Empty: no password opens this account. */
  passwordHash: z.string(),
  /** When its owner last showed that the address is theirs. */
  emailVerifiedAt: z.number().optional(),
  name: z.string(),
  roles: z.array(role),
  permissionSets: z.array(permissionSet).default([]),
  /** Clinics whose desks a staff member or admin may work at. */
  clinicIds: z.array(z.string()),
  createdAt: z.number(),
  /** When roles or scope last changed: subscriptions opened before are checked again. */
  accessChangedAt: z.number(),
  /** No password was chosen yet. */
  invitedAt: z.number().optional(),
  /** Asked for by somebody who has not shown yet that the address is theirs: forgotten when they never do. */
  unproved: z.literal(true).optional(),
  deactivatedAt: z.number().optional(),
  /** Until then an admin changes others: must stay one meanwhile. */
  actingUntil: z.number().optional(),
});
export type Account = z.infer<typeof account>;

export const clinic = z.object({
  _id: z.string(),
  name: z.string(),
  address: z.string(),
  /** IANA zone; decides what "today" is. */
  zone: z.string(),
  /** From how many minutes on staff is told that somebody waits long; 30 where nothing is set. */
  longWaitMinutes: z.int().positive().optional(),
});
export type Clinic = z.infer<typeof clinic>;

export const doctor = z.object({
  _id: z.string(),
  accountId: z.string(),
  name: z.string(),
  /** Those from before there were applications are verified. */
  state: doctorState.default('verified'),
  /** Compare-and-set of the application. */
  version: z.int().default(0),
  specialty: z.string(),
  /** Shown wherever a patient must be able to verify the doctor (Telemedicine Practice Guidelines 2020). */
  registrationNumber: z.string(),
  clinicIds: z.array(z.string()),
  qualification: z.string().nullish(),
  council: council.nullish(),
  registrationYear: z.int().nullish(),
  experienceYears: z.int().nullish(),
  feePaise: z.int().nullish(),
  education: z.string().nullish(),
  affiliation: z.string().nullish(),
  languages: z.array(spokenLanguage).default([]),
  bio: z.string().nullish(),
  photoId: z.string().nullish(),
  certificateIds: z.array(z.string()).default([]),
  /** `key`: the command that did it; a repeat is recognised by it. */
  history: z.array(step.extend({ by: z.string(), key: z.string() })).default([]),
  submittedAt: z.number().nullish(),
  /** Their account is not in use, or not a doctor's any more. */
  away: z.literal(true).optional(),
  /** Somebody is still to be told of the last step. */
  untold: z.literal(true).optional(),
});
export type Doctor = z.infer<typeof doctor>;

export const patient = z.object({
  _id: z.string(),
  code: z.string(),
  name: z.string(),
  gender,
  birthYear: z.int().nullable(),
  phone: z.string().nullable(),
  /** Accounts that act for this patient: the patient's own, parents, children. Empty for a walk-in. */
  guardians: z.array(z.object({ accountId: z.string(), relation: z.enum(['self', 'parent', 'child', 'other']) })),
  /** Since then nothing but the code is known of them. */
  erasedAt: z.number().optional(),
  createdAt: z.number(),
});
export type Patient = z.infer<typeof patient>;

/** A doctor's desk at a clinic from `startsAt` on: one queue. */
export const deskSession = z.object({
  _id: z.string(),
  doctorId: z.string(),
  clinicId: z.string(),
  label: z.string(),
  startsAt: z.number(),
  status: z.enum(['open', 'closed']),
  closedAt: z.number().optional(),
  /** Its doctor may not practise now: nobody new is taken in; who waits can be sent on. */
  shut: z.literal(true).optional(),
  /** `doctor:clinic` while open: a doctor has one open desk at a clinic. */
  openFor: z.string().optional(),
  slotMinutes: z.int().positive(),
});
export type DeskSessionDoc = z.infer<typeof deskSession>;

/**
 * A patient's claim on a place in a queue, and what was said when it was taken. `_id` is the entry id.
 * First written with `joiningSince` (the pending step of the saga), then the stream gets `joined`.
 */
export const placeDoc = z.object({
  _id: z.string(),
  patientId: z.string(),
  sessionId: z.string(),
  clinicId: z.string(),
  doctorId: z.string(),
  mode: consultMode,
  source: z.enum(['online', 'walk-in']),
  priority: z.enum(['normal', 'urgent', 'emergency']),
  reason: z.string(),
  createdAt: z.number(),
  command: z.object({ key: z.string(), accountId: z.string(), role: z.string() }),
  active: z.literal(true).optional(),
  joiningSince: z.number().optional(),
  /** Seq up to which the queue's events free it no more: its end was taken back, or is about to be. */
  kept: z.int().nonnegative().optional(),
  /** Sent here from another desk; since when the patient waits. */
  transferredFrom: z
    .object({
      sessionId: z.string(),
      entryId: z.string(),
      doctorId: z.string(),
      joinedAt: z.number(),
      checkedInAt: z.number().nullish(),
    })
    .optional(),
  /** What the patient was told on joining: minutes until the call, as of `createdAt`; `ahead` with whoever is at the desk. */
  promised: z.object({ low: z.number(), high: z.number(), ahead: z.number() }).optional(),
});
export type PlaceDoc = z.infer<typeof placeDoc>;

export const encounter = z.object({
  _id: z.string(),
  entryId: z.string(),
  sessionId: z.string(),
  patientId: z.string(),
  doctorId: z.string(),
  mode: consultMode,
  /** `void`: begun by mistake and taken back. */
  status: z.enum(['in-progress', 'completed', 'void']),
  /** When the patient was called to it, if once was enough. */
  calledAt: z.number().optional(),
  startedAt: z.number(),
  endedAt: z.number().nullable(),
  /** Seq of the queue event that made it so; only a later one may change it. */
  seq: z.int().positive().optional(),
});
export type Encounter = z.infer<typeof encounter>;

/** A public board. Its id is its key: whoever knows it may look. */
export const boardDoc = z.object({
  _id: z.string(),
  clinicId: z.string(),
  /** Null: every desk of the clinic. */
  doctorId: z.string().nullable(),
  name: z.string(),
  createdBy: z.string(),
  createdAt: z.number(),
  removedAt: z.number().optional(),
});
export type BoardDoc = z.infer<typeof boardDoc>;

/** What a nurse measured and wrote about somebody who waits. The newest counts; earlier ones stay as a trace. */
export const triageDoc = z.object({
  _id: z.string(),
  entryId: z.string(),
  sessionId: z.string(),
  patientId: z.string(),
  vitals,
  note: z.string().nullable(),
  priority: z.enum(['normal', 'urgent', 'emergency']),
  accountId: z.string(),
  at: z.number(),
  /** The queue refused it: it does not count. */
  refused: z.literal(true).optional(),
});
export type TriageDoc = z.infer<typeof triageDoc>;

/** A consult room and where it runs. The epoch rises each time it is placed on another node. */
export const room = z.object({
  _id: z.string(),
  epoch: z.int().positive(),
  node: z.object({ control: z.string(), bootId: z.string() }).nullable(),
  status: z.enum(['open', 'closed']),
  /** Seq of the queue event that made it so; only a later one may change it. */
  at: z.int().nonnegative(),
});
export type Room = z.infer<typeof room>;

/** A chat thread. Its id derives from what it is about, so that opening it twice finds it. */
export const threadDoc = z.object({
  _id: z.string(),
  kind: threadKind,
  clinicId: z.string(),
  entryId: z.string().optional(),
  patientId: z.string().optional(),
  doctorId: z.string().optional(),
  /** Seq and time of the newest message; 0 before the first. */
  lastSeq: z.int().nonnegative(),
  lastAt: z.number(),
});
export type ThreadDoc = z.infer<typeof threadDoc>;

/** How far one account is in one thread. Only ever moves forward. `_id` = thread:account. */
export const receiptDoc = z.object({
  _id: z.string(),
  threadId: z.string(),
  accountId: z.string(),
  side: threadSide,
  deliveredSeq: z.int().nonnegative(),
  readSeq: z.int().nonnegative(),
  at: z.number(),
});
export type ReceiptDoc = z.infer<typeof receiptDoc>;

/** An uploaded file. Its uploader's alone until a message claims it. The content is in GridFS under `contentId`. */
export const fileDoc = z.object({
  _id: z.string(),
  owner: z.string(),
  state: z.enum(['uploading', 'ready']),
  contentId: z.string(),
  thumbnailId: z.string().optional(),
  /** Sealed size of the thumbnail. */
  thumbnailBytes: z.int().positive().optional(),
  /** Whose key seals name and `contentKey`: the day's uploads, then whom the thread is about. Absent before sealing was. */
  subject: z.string().optional(),
  /** What content and thumbnail are sealed with, base64; null once it is lost with the subject's key. Absent: not sealed. */
  contentKey: z.string().nullable().optional(),
  name: z.string(),
  type: fileType,
  bytes: z.int().nonnegative(),
  width: z.int().positive().optional(),
  height: z.int().positive().optional(),
  createdAt: z.number(),
  /** The message that shows it; `attached` once that is certain. */
  threadId: z.string().optional(),
  messageId: z.string().optional(),
  /** The doctor's application it belongs to. */
  doctorId: z.string().optional(),
  attached: z.literal(true).optional(),
});
export type FileDoc = z.infer<typeof fileDoc>;
