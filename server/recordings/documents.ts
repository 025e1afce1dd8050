import { z } from 'zod';
import { consentLanguage } from '../../shared/contract/recordings.ts';

/** A consent as given; withdrawing notes when, and never removes it. */
export const consentDoc = z.object({
  _id: z.string(),
  purpose: z.literal('recording'),
  entryId: z.string(),
  patientId: z.string(),
  accountId: z.string(),
  peer: z.string(),
  version: z.string(),
  language: consentLanguage,
  givenAt: z.number(),
  withdrawnAt: z.number().nullable(),
});
export type ConsentDoc = z.infer<typeof consentDoc>;

/** One speaker's sound in the store. `_id` is the id the media node gave it. */
export const recordingDoc = z.object({
  _id: z.string(),
  recording: z.string(),
  entryId: z.string(),
  patientId: z.string(),
  doctorId: z.string(),
  peer: z.string(),
  epoch: z.number(),
  startedAt: z.number(),
  lengthMs: z.number(),
  bytes: z.number(),
  sha256: z.string(),
  /** The sealed content in GridFS, and its size. */
  contentId: z.string(),
  sealedBytes: z.number(),
  interrupted: z.boolean(),
  storedAt: z.number(),
  expiresAt: z.number(),
});
export type RecordingDoc = z.infer<typeof recordingDoc>;
