import { z } from 'zod';
import { consultMode, gender, role } from '../../shared/contract/common.ts';

/** The documents of the platform as stored. Account ≠ patient ≠ doctor: see ARCHITECTURE "entities". */
export const account = z.object({
  _id: z.string(),
  email: z.string(),
  passwordHash: z.string(),
  name: z.string(),
  roles: z.array(role),
  /** Clinics whose desks a staff member or admin may work at. */
  clinicIds: z.array(z.string()),
  createdAt: z.number(),
  /** When roles or scope last changed: subscriptions opened before are checked again. */
  accessChangedAt: z.number(),
});
export type Account = z.infer<typeof account>;

export const clinic = z.object({
  _id: z.string(),
  name: z.string(),
  address: z.string(),
  /** IANA zone; decides what "today" is. */
  zone: z.string(),
});
export type Clinic = z.infer<typeof clinic>;

export const doctor = z.object({
  _id: z.string(),
  accountId: z.string(),
  name: z.string(),
  specialty: z.string(),
  /** Shown wherever a patient must be able to verify the doctor (Telemedicine Practice Guidelines 2020). */
  registrationNumber: z.string(),
  clinicIds: z.array(z.string()),
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
});
export type PlaceDoc = z.infer<typeof placeDoc>;

export const encounter = z.object({
  _id: z.string(),
  entryId: z.string(),
  sessionId: z.string(),
  patientId: z.string(),
  doctorId: z.string(),
  mode: consultMode,
  status: z.enum(['in-progress', 'completed']),
  startedAt: z.number(),
  endedAt: z.number().nullable(),
});
export type Encounter = z.infer<typeof encounter>;

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
