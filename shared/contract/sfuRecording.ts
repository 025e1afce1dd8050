import { z } from 'zod';

/** Rooms and peers are opaque here: the hub's ids. */
export const sfuName = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/);

/** `typ` of a consent's protected header; signed by the hub like a grant (Ed25519). */
export const consentType = 'nadi-consent+jwt';
/**
 * Says that the hub has stored this person's consent to be recorded in this room. The node records nobody without one, and
 * forgets it at once when it is withdrawn: a consent counts only when it was given after the last withdrawal.
 */
export const consentClaims = z.strictObject({
  room: sfuName,
  peer: sfuName,
  /** The stored consent. */
  jti: z.uuid(),
  /** When it was given, UTC ms. */
  givenAt: z.int().positive(),
  iat: z.int().positive(),
  exp: z.int().positive(),
});
export type ConsentClaims = z.infer<typeof consentClaims>;

/**
 * What the recorder really does. `off`; `waiting`: asked for, somebody present has not consented (nothing is written);
 * `on`: sound is being written; `failed`: it could not be written, and has stopped.
 */
export const recordingState = z.enum(['off', 'waiting', 'on', 'failed']);
export type RecordingState = z.infer<typeof recordingState>;
export const recordingInfo = z.object({
  state: recordingState,
  /** Peers whose consent the node holds. */
  consented: z.array(sfuName),
  /** When the recording began, UTC ms; kept while it waits. */
  since: z.int().nonnegative().nullable(),
});
export type RecordingInfo = z.infer<typeof recordingInfo>;
export const recordingOff: RecordingInfo = { state: 'off', consented: [], since: null };

/** `GET /control/recordings`: sound files on this node that the hub has not taken yet. */
export const spooledRecording = z.object({
  id: z.uuid(),
  /** Files of one recording share it, and their time begins at its `startedAt`. */
  recording: z.uuid(),
  room: sfuName,
  epoch: z.int().nonnegative(),
  peer: sfuName,
  /** Wall time of position 0, UTC ms. */
  startedAt: z.int().nonnegative(),
  /** Length of the sound, ms. */
  lengthMs: z.int().nonnegative(),
  /** Bytes of the Ogg file. */
  bytes: z.int().nonnegative(),
  /** False while it is still being written. */
  complete: z.boolean(),
  /** The node died while it was written: it ends up to a second early. */
  interrupted: z.boolean(),
  packets: z.int().nonnegative(),
});
export type SpooledRecording = z.infer<typeof spooledRecording>;
export const spooledRecordings = z.object({ recordings: z.array(spooledRecording) });

/** `GET /control/recordings/:id?from=<byte>`: the Ogg file from there on. */
/** `POST /control/recordings/:id/stored`: the hub has it; removed here when both fit, else 409. */
export const storedRequest = z.strictObject({
  bytes: z.int().nonnegative(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});
export const storedResult = z.object({ removed: z.boolean() });
