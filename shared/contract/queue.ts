import { z } from 'zod';
import { limits } from '../limits.ts';
import { queueEvent, queueState } from '../state/queue.ts';
import { consultMode, gender, id, line, personName, phone, priority, text } from './common.ts';
import { operation, stream, view } from './define.ts';
import { deskSession, directory, linkedPlace, place, triages } from './queueViews.ts';

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
    permission: 'desks',
    rate: 'write',
    audited: true,
    once: 'document',
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
    permission: 'register',
    rate: 'write',
    sensitive: true,
    audited: true,
    once: 'stream',
  }),
  'queue.doctors': operation({
    kind: 'query',
    summary: 'Doctors of a clinic for whom the actor may open a desk.',
    input: z.strictObject({ clinicId: id }),
    output: z.object({
      doctors: z.array(z.object({ id, name: z.string(), specialty: z.string(), openSessionId: id.nullable() })),
    }),
    roles: ['doctor', 'staff', 'admin'],
    rate: 'read',
  }),
  'queue.checkIn': operation({
    kind: 'command',
    summary: 'Say that one is here: with the code shown at the clinic (`code`), or from the online waiting room.',
    input: z.strictObject({ entryId: id, code: z.string().max(limits.codeChars).optional() }),
    output: z.object({ entryId: id }),
    roles: ['patient'],
    rate: 'write',
    audited: true,
    once: 'stream',
  }),
  'queue.checkInCode': operation({
    kind: 'query',
    summary:
      'The code a clinic shows for check-in; good for minutes, so that a picture of it is of no use tomorrow. `url` as in placeLink.',
    input: z.strictObject({ clinicId: id }),
    output: z.object({ code: z.string(), url: z.string(), expiresAt: z.int() }),
    roles: ['staff', 'admin', 'doctor'],
    permission: 'register',
    rate: 'read',
  }),
  'queue.placeLink': operation({
    kind: 'query',
    summary:
      'A link under which a place can be watched without a sign-in, until the end of the day after; for a slip, an SMS, or the patient’s own screen. `url` begins with `/` where the platform has no public address.',
    input: z.strictObject({ sessionId: id, entryId: id }),
    output: z.object({ url: z.string(), key: z.string(), expiresAt: z.int() }),
    roles: ['patient', 'staff', 'doctor'],
    permission: 'register',
    rate: 'read',
    audited: true,
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
  triages: view({
    summary: 'What nurses found of those in a session’s queue. Key: session id.',
    roles: ['doctor', 'staff', 'admin'],
    permission: 'vitals',
    key: id,
    state: triages,
  }),
  place: view({
    summary: 'One’s own place. Key: entry id.',
    roles: ['patient'],
    key: id,
    state: place,
  }),
  linkedPlace: view({
    summary: 'A place for whoever holds its link. Key: the signed code of the link. No sign-in.',
    roles: 'public',
    key: z.string().regex(/^[A-Za-z0-9_-]{20,64}$/),
    state: linkedPlace,
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
