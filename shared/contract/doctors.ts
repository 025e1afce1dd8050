import { z } from 'zod';
import { attachment } from '../state/chat.ts';
import { id, instant, line, text } from './common.ts';
import { operation } from './define.ts';

/**
 * From application to practice. Only `verified` is listed, may open a desk and is seen by patients.
 * `needsMore`: an admin asks for something. `suspended`: was verified.
 */
export const doctorStates = ['draft', 'submitted', 'needsMore', 'rejected', 'verified', 'suspended'] as const;
export const doctorState = z.enum(doctorStates);
export type DoctorState = z.infer<typeof doctorState>;

/** Who keeps the register the number is in: the National Medical Commission or a state council, by the state's code. */
export const councils = [
  ...['NMC', 'AP', 'AR', 'AS', 'BR', 'CG', 'DL', 'GA', 'GJ', 'HR', 'HP', 'JH', 'JK', 'KA', 'KL', 'MH', 'MN', 'MP'],
  ...['MZ', 'NL', 'OD', 'PB', 'RJ', 'SK', 'TN', 'TR', 'TS', 'UK', 'UP', 'WB', 'other'],
] as const;
export const council = z.enum(councils);
export const spokenLanguages = [
  ...['en', 'hi', 'as', 'bn', 'gu', 'kn', 'kok', 'ml', 'mr', 'mni', 'ne', 'or', 'pa', 'sa', 'sd', 'ta', 'te', 'ur'],
] as const;
export const spokenLanguage = z.enum(spokenLanguages);

/** Councils write their numbers each in their own way: digits, often with letters, a slash or the year. */
const registrationNumber = line(30).pipe(z.string().regex(/^(?=.*\d)[A-Za-z0-9][A-Za-z0-9/ .-]*$/));

/** What a doctor says of themselves. Null: not filled in yet. */
export const doctorProfile = z.strictObject({
  specialty: line(80).nullable(),
  qualification: line(120).nullable(),
  registrationNumber: registrationNumber.nullable(),
  council: council.nullable(),
  /** In which year it was registered. */
  registrationYear: z.int().min(1940).max(2100).nullable(),
  experienceYears: z.int().min(0).max(75).nullable(),
  feePaise: z.int().min(0).max(100_000_00).nullable(),
  education: text(1_000).nullable(),
  affiliation: line(200).nullable(),
  languages: z.array(spokenLanguage).max(10),
  bio: text(2_000).nullable(),
});
export type DoctorProfile = z.infer<typeof doctorProfile>;

export const requiredFields = [
  'specialty',
  'qualification',
  'registrationNumber',
  'council',
  'registrationYear',
  'experienceYears',
  'feePaise',
  'languages',
  'certificate',
] as const;
export const requiredField = z.enum(requiredFields);
export type RequiredField = z.infer<typeof requiredField>;

/** What admins decide. */
export const decision = z.enum(['approve', 'askMore', 'reject', 'suspend', 'unsuspend']);
export type Decision = z.infer<typeof decision>;
export const reasonNeeded: readonly Decision[] = ['askMore', 'reject', 'suspend'];

/** What happened to an application, oldest first. */
export const step = z.object({
  act: z.enum(['submit', ...decision.options]),
  at: instant,
  reason: z.string().nullable(),
});

const documents = z.object({ photo: attachment.nullable(), certificates: z.array(attachment) });
export const application = z.object({
  doctorId: id,
  state: doctorState,
  /** Goes with a change: what came in between is a CONFLICT. */
  version: z.int(),
  profile: z.object({ ...doctorProfile.shape, registrationNumber: z.string().nullable() }),
  documents,
  missing: z.array(requiredField),
  history: z.array(step),
  submittedAt: instant.nullable(),
});
export type Application = z.infer<typeof application>;

const own = { roles: ['doctor'], rate: 'write', audited: true, once: 'document' } as const;
const versioned = { version: z.int().nonnegative() };
const changed = z.object({ application });

export const doctorOperations = {
  'application.mine': operation({
    kind: 'query',
    summary: 'My profile as a doctor, its state and what is missing.',
    input: z.strictObject({}),
    output: z.object({ application }),
    roles: ['doctor'],
    rate: 'read',
  }),
  'application.save': operation({
    ...own,
    kind: 'command',
    summary: 'Keep my profile as it stands; not while it is being looked at, nor what was verified.',
    input: z.strictObject({ ...versioned, profile: doctorProfile }),
    output: changed,
    sensitive: true,
  }),
  'application.attach': operation({
    ...own,
    kind: 'command',
    summary: 'Add an uploaded picture of me, or a certificate of registration (picture or PDF).',
    input: z.strictObject({ ...versioned, as: z.enum(['photo', 'certificate']), fileId: id }),
    output: changed,
  }),
  'application.detach': operation({
    ...own,
    kind: 'command',
    summary: 'Take a file off again.',
    input: z.strictObject({ ...versioned, fileId: id }),
    output: changed,
  }),
  'application.submit': operation({
    ...own,
    kind: 'command',
    summary: 'Hand it in. I declare that it is true, and that I follow the Telemedicine Practice Guidelines.',
    input: z.strictObject({ ...versioned, declared: z.literal(true) }),
    output: changed,
  }),
  'verification.list': operation({
    kind: 'query',
    summary: 'Doctors by the state of their application, who waits longest first.',
    input: z.strictObject({ state: doctorState.default('submitted'), limit: z.int().min(1).max(200).default(100) }),
    output: z.object({
      applications: z.array(
        z.object({
          doctorId: id,
          name: z.string(),
          specialty: z.string().nullable(),
          registrationNumber: z.string().nullable(),
          state: doctorState,
          submittedAt: instant.nullable(),
        }),
      ),
    }),
    roles: ['admin'],
    rate: 'read',
  }),
  'verification.one': operation({
    kind: 'query',
    summary: 'One application with its papers, and whether somebody else holds the same registration.',
    input: z.strictObject({ doctorId: id }),
    output: z.object({
      application,
      accountId: id,
      name: z.string(),
      email: z.string(),
      clinicIds: z.array(id),
      sameRegistration: z.boolean(),
    }),
    roles: ['admin'],
    rate: 'read',
    audited: true,
  }),
  'verification.decide': operation({
    kind: 'command',
    summary:
      'Approve (with the clinics to work at), ask for more, reject, suspend or lift it. The doctor is told, with the reason.',
    input: z.strictObject({
      doctorId: id,
      ...versioned,
      decision,
      reason: text(1_000).optional(),
      clinicIds: z.array(id).max(50).default([]),
    }),
    output: z.object({ state: doctorState, version: z.int() }),
    roles: ['admin'],
    rate: 'write',
    sensitive: true,
    audited: true,
    once: 'document',
  }),
};
