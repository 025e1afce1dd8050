import { randomBytes } from 'node:crypto';
import sharp from 'sharp';
import { z } from 'zod';
import { hashPassword } from '../../../server/accounts/password.ts';
import { demoPassword } from '../../../server/seed/people.ts';
import { newId } from '../../../server/support/ids.ts';
import type { PermissionSet, Role } from '../../../shared/permissions.ts';
import { notificationsState } from '../../../shared/state/notifications.ts';
import { attachment } from '../../../shared/state/chat.ts';
import { testHub, type TestHub } from '../../support/hub.ts';
import { testRepos } from '../../support/repos.ts';
import { TestClient } from '../../support/TestClient.ts';
import { until } from '../../support/until.ts';
import { people, type Person, type Things } from './expected.ts';

/** Two clinics on one hub, with somebody of every kind signed in, and everything of one patient of the first. */
export interface TwoClinics {
  readonly hub: TestHub;
  readonly clients: Readonly<Record<Person, TestClient>>;
  readonly things: Things;
  /** Texts and ids that stand for what only some may see, by what they are. */
  readonly secrets: Readonly<
    Record<'patient' | 'reason' | 'visitChat' | 'waitingChat' | 'teamChat' | 'triage' | 'ids', readonly string[]>
  >;
  close(): Promise<void>;
}

const logins: Readonly<Record<Person, string>> = {
  patient: 'patient',
  guardian: 'guardian',
  stranger: 'patient2',
  elsewhere: 'elsewhere',
  doctor: 'doctor',
  colleague: 'doctor2',
  doctorB: 'doctorb',
  reception: 'reception',
  nurse: 'nurse',
  billing: 'billing',
  admin: 'admin',
  staffB: 'staffb',
  adminB: 'adminb',
};
/** A text that occurs nowhere by chance. */
const secret = (what: string): string => `${what} ${randomBytes(6).toString('hex')}`;

export async function twoClinics(): Promise<TwoClinics> {
  // What is asked for has no sound behind it; that nobody hears it is the point.
  const hub = await testHub({ LOG_LEVEL: 'silent' });
  const repos = testRepos(hub.database.db, hub.env['NADI_KEY']);
  const now = Date.now();
  const first = (await repos.clinics.many({}))[0];
  const person = (await repos.patients.many({ name: 'Asha Verma' }))[0];
  if (!first || !person) throw new Error('no demo clinic');
  const passwordHash = await hashPassword(demoPassword);
  const second = { ...first, _id: newId(), name: 'The other clinic' };
  await repos.clinics.insert(second);
  const account = async (who: string, role: Role, clinicIds: string[] = [], permissionSets: PermissionSet[] = []) => {
    const _id = newId();
    const about = { email: `${who}@demo.nadi`, name: `Of ${who}`, passwordHash, createdAt: now, accessChangedAt: now };
    await repos.accounts.insert({ _id, ...about, roles: [role], clinicIds, permissionSets });
    return _id;
  };
  const guardian = await account('guardian', 'patient');
  const guardians = [...person.guardians, { accountId: guardian, relation: 'child' as const }];
  await repos.patients.update({ _id: person._id }, { $set: { guardians } });
  const elsewhere = await account('elsewhere', 'patient');
  const patientB = { ...person, _id: newId(), code: 'ND-0000-0000', name: 'Zoya Khan', phone: null };
  await repos.patients.insert({ ...patientB, guardians: [{ accountId: elsewhere, relation: 'self' }] });
  await account('billing', 'staff', [first._id], ['billing']);
  await account('staffb', 'staff', [second._id], ['reception', 'nurse', 'billing']);
  await account('adminb', 'admin', [second._id]);
  const doctorB = { _id: newId(), accountId: await account('doctorb', 'doctor'), name: 'Dr. Else Where' };
  await repos.doctors.insert({
    ...{ ...doctorB, specialty: 'Skin', registrationNumber: 'KMC 1', clinicIds: [second._id] },
    ...{ state: 'verified', version: 0, languages: [], certificateIds: [], history: [] },
  });

  const clients = Object.fromEntries(
    await Promise.all(people.map(async (one) => [one, await hub.as(logins[one])] as const)),
  ) as Record<Person, TestClient>;
  const { patient, doctor, colleague, reception, nurse, admin } = clients;
  const sessionOf = async (one: TestClient) => (await one.call('queue.sessions', {})).sessions[0]?.id ?? '';
  const [sessionId, otherSessionId] = [await sessionOf(doctor), await sessionOf(colleague)];
  const clinicB = {
    sessionId: (await clients.doctorB.call('queue.openSession', { clinicId: second._id, label: 'B' })).sessionId,
  };
  await clients.elsewhere.call('queue.join', { ...clinicB, patientId: patientB._id, mode: 'video', reason: 'Itch' });
  const ravi = clients.stranger.signedIn.account.patients[0]?.id ?? '';
  await clients.stranger.call('queue.join', { sessionId, patientId: ravi, mode: 'video', reason: 'Itch' });

  const texts = {
    reason: secret('Reason'),
    visit: secret('Visit'),
    waiting: secret('Waiting'),
    team: secret('Team'),
    note: secret('Note'),
  };
  const patientId = person._id;
  const { entryId } = await patient.call('queue.join', { sessionId, patientId, mode: 'video', reason: texts.reason });
  await nurse.call('queue.triage', { sessionId, entryId, vitals: { pulse: 90 }, note: texts.note, priority: 'normal' });
  const photo = await sharp({ create: { width: 32, height: 32, channels: 3, background: 'red' } })
    .jpeg()
    .toBuffer();
  const uploaded = await fetch(`${hub.url}/api/v1/files`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${patient.signedIn.accessToken}`,
      'content-type': 'image/jpeg',
      'x-file-name': 'a.jpg',
    },
    body: new Uint8Array(photo),
  });
  const file = z.object({ data: attachment }).parse(await uploaded.json()).data;
  const { messageId } = await patient.call('chat.send', {
    threadId: entryId,
    text: texts.visit,
    attachments: [file.id],
  });
  const waiting = await patient.call('chat.open', { kind: 'waiting', entryId });
  await reception.call('chat.send', { threadId: waiting.threadId, text: texts.waiting });
  const team = await reception.call('chat.open', { kind: 'staff', clinicId: first._id });
  await reception.call('chat.send', { threadId: team.threadId, text: texts.team });
  const { boardId } = await reception.call('board.create', { clinicId: first._id, doctorId: null, name: 'Hall' });
  const { key: linkKey } = await patient.call('queue.placeLink', { sessionId, entryId });
  const words = { title: 'Hello', body: 'To all patients' };
  const told = { texts: { en: words, hi: null }, roles: ['patient' as const], clinicId: null };
  const { announcementId } = await admin.call('announcements.publish', { ...told, clinicId: first._id });
  await admin.call('announcements.publish', told);
  const accountId = patient.signedIn.account.id;
  const notification = await until('a notification of the patient', async () => {
    const found = await patient.subscribe('notifications', accountId);
    return found.kind === 'snapshot' ? notificationsState.parse(found.state).items[0] : null;
  });
  await TestClient.login(hub.url, 'patient@demo.nadi', demoPassword);
  const signIn = (await patient.call('auth.sessions', {})).sessions.find((one) => !one.current);
  const recordingId = newId();
  const doctorDoc = (await repos.doctors.many({ accountId: doctor.signedIn.account.id }))[0];
  await repos.recordings.insert({
    ...{
      _id: recordingId,
      recording: newId(),
      entryId,
      patientId,
      doctorId: doctorDoc?._id ?? '',
      peer: 'doctor',
      epoch: 1,
    },
    ...{ startedAt: now, lengthMs: 1, bytes: 1, sha256: '0'.repeat(64), contentId: newId(), sealedBytes: 1 },
    ...{ interrupted: false, storedAt: now, expiresAt: now + 1_000_000 },
  });
  const [deliveryId, otherDeliveryId] = [newId(), newId()];
  const template = await until('a message of the announcement', async () => (await repos.deliveries.many({}))[0]);
  for (const _id of [deliveryId, otherDeliveryId]) {
    await repos.deliveries.insert({ ...template, _id, state: 'dead', accountId });
  }

  return {
    hub,
    clients,
    things: {
      ...{
        clinicId: first._id,
        sessionId,
        otherSessionId,
        entryId,
        patientId,
        accountId,
        doctorId: doctorDoc?._id ?? '',
        messageId,
        boardId,
        linkKey,
      },
      ...{ staffThreadId: team.threadId, waitingThreadId: waiting.threadId, notificationId: notification.id },
      ...{ signInId: signIn?.id ?? '', deliveryId, otherDeliveryId, announcementId, fileId: file.id, recordingId },
    },
    secrets: {
      patient: [person.name, person.code],
      reason: [texts.reason],
      visitChat: [texts.visit],
      waitingChat: [texts.waiting],
      teamChat: [texts.team],
      triage: [texts.note],
      ids: [entryId, patientId, messageId, file.id, recordingId],
    },
    close: () => hub.close(),
  };
}

/** Ids of nothing at all, of the same shape. */
export function nothing(things: Things): Things {
  const other = (of: string): string =>
    z.uuid().safeParse(of).success ? newId() : of.replace(/^./, (one) => (one === 'A' ? 'B' : 'A'));
  return {
    ...things,
    ...Object.fromEntries(Object.entries(things).map(([name, of]: [string, string]) => [name, other(of)])),
  };
}
