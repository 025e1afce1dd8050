import { z } from 'zod';
import { recordingConsent } from '../consentText.ts';
import { id, instant } from './common.ts';
import { operation } from './define.ts';

const [first, ...rest] = recordingConsent.map((one) => one.version);
export const consentVersion = z.enum([first ?? '', ...rest]);
export const consentLanguage = z.enum(['en', 'hi']);

/** One person's consent to be recorded in one consultation, as it was given. */
export const consent = z.object({
  version: z.string(),
  language: consentLanguage,
  givenAt: instant,
  withdrawnAt: instant.nullable(),
});
export type Consent = z.infer<typeof consent>;

/** One speaker of a recording. All of a recording begin at its `startedAt`: played together they are the conversation. */
export const recordedTrack = z.object({
  id,
  side: z.enum(['doctor', 'patient', 'guest']),
  lengthMs: z.int().nonnegative(),
  bytes: z.int().nonnegative(),
  /** The media node failed meanwhile: up to a second is missing at the end. */
  interrupted: z.boolean(),
});
export const recordingCard = z.object({
  id,
  startedAt: instant,
  tracks: z.array(recordedTrack),
  /** When it is deleted, by the clinic's retention. */
  expiresAt: instant,
});
export type RecordingCard = z.infer<typeof recordingCard>;

export const recordingOperations = {
  'consent.give': operation({
    kind: 'command',
    summary: 'Consent to be recorded, in the words of a version and language. The token is for the media node.',
    input: z.strictObject({ entryId: id, version: consentVersion, language: consentLanguage }),
    output: z.object({ token: z.string(), consent }),
    roles: ['doctor', 'patient'],
    rate: 'write',
    audited: true,
    once: 'reply',
  }),
  'consent.withdraw': operation({
    kind: 'command',
    summary: 'Take a consent back. The media node is told by the client itself, at once.',
    input: z.strictObject({ entryId: id }),
    output: z.object({ withdrawn: z.boolean() }),
    roles: ['doctor', 'patient'],
    rate: 'write',
    audited: true,
    once: 'reply',
  }),
  'consent.mine': operation({
    kind: 'query',
    summary: 'One’s own latest consent in a consultation.',
    input: z.strictObject({ entryId: id }),
    output: z.object({ consent: consent.nullable() }),
    roles: ['doctor', 'patient'],
    rate: 'read',
  }),
  'recordings.list': operation({
    kind: 'query',
    summary: 'Recordings of a consultation; for its doctor only. Includes what has ended a moment ago.',
    input: z.strictObject({ entryId: id }),
    output: z.object({
      recordings: z.array(recordingCard),
      /** More is to come: still being written, or not fetched yet. */
      pending: z.boolean(),
    }),
    roles: ['doctor'],
    rate: 'read',
    audited: true,
  }),
};

export const recordingRoutes = {
  recording: {
    method: 'get',
    path: '/api/v1/recordings/{id}',
    summary: 'The sound of one speaker (Ogg/Opus), to the doctor of the consultation. Takes one range.',
    output: z.string(),
    signedIn: true,
    parameters: [{ name: 'id', in: 'path', required: true }],
  },
} as const;
