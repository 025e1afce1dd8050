import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { testHub, type TestHub } from '../../support/hub.ts';
import type { TestClient } from '../../support/TestClient.ts';
import { until } from '../../support/until.ts';
import { codeOf, comeIn, profile, publicly, uploadPaper } from './support.ts';

let hub: TestHub;
let other: TestHub;
let admin: TestClient;
let doctor: TestClient;
let doctorId: string;
let clinicId: string;
const email = 'leela@example.org';
const opening = () => doctor.call('queue.openSession', { clinicId, label: 'Skin OPD' });
const versionOf = async (): Promise<number> => (await doctor.call('application.mine', {})).application.version;

beforeAll(async () => {
  hub = await testHub();
  other = await testHub({}, { database: hub.database, env: hub.env });
  admin = await hub.as('admin');
  clinicId = admin.signedIn.account.clinics[0]?.id ?? '';
});
afterAll(async () => {
  doctor.close();
  await other.close();
  await hub.close();
});

describe('[A2 H2] a doctor from sign-up to practice', () => {
  test('signs up; before anybody looked there is no desk, no clinic, and no list with them in it', async () => {
    await publicly(hub, 'auth.register', { name: 'Dr. Leela Bhat', email, as: 'doctor' });
    doctor = await comeIn(hub, email);
    expect(doctor.signedIn.account).toMatchObject({ roles: ['doctor'], clinics: [], patients: [] });
    const { application } = await doctor.call('application.mine', {});
    doctorId = application.doctorId;
    expect(application).toMatchObject({ state: 'draft', version: 0 });
    expect(await codeOf(opening())).toBe('NOT_FOUND');
    expect((await doctor.call('queue.sessions', {})).sessions).toEqual([]);
    expect(await codeOf(doctor.subscribe('presence', clinicId))).toBe('NOT_FOUND');
    const staff = await hub.as('staff');
    const { doctors } = await staff.call('queue.doctors', { clinicId });
    expect(doctors.map((one) => one.id)).not.toContain(doctorId);
    expect(await codeOf(staff.call('queue.openSession', { clinicId, doctorId, label: 'x' }))).toBe('NOT_FOUND');
  });

  test('fills it in with papers of their own; what is missing is named, and an older window does not win', async () => {
    const declared = true as const;
    const refused = await doctor.op('application.submit', { version: 0, declared });
    expect(refused).toMatchObject({
      ok: false,
      error: { code: 'WRONG_STATE', details: { missing: expect.any(Array) } },
    });
    await doctor.call('application.save', { version: 0, profile: { ...profile, feePaise: null } });
    expect(await codeOf(doctor.call('application.save', { version: 0, profile: { ...profile, feePaise: 1 } }))).toBe(
      'CONFLICT',
    );
    const { application } = await doctor.call('application.save', { version: 1, profile });
    expect(application.missing).toEqual(['certificate']);
    const patient = await hub.as('patient');
    const theirs = await uploadPaper(patient);
    const attach = (fileId: string, as: 'photo' | 'certificate' = 'certificate') =>
      versionOf().then((version) => doctor.call('application.attach', { version, as, fileId }));
    expect(await codeOf(attach(theirs))).toBe('NOT_FOUND');
    const fileId = await uploadPaper(doctor);
    expect(await codeOf(attach(fileId, 'photo'))).toBe('UNSUPPORTED_MEDIA_TYPE');
    expect((await attach(fileId)).application.missing).toEqual([]);
    for (const [who, status] of [
      [doctor, 200],
      [admin, 200],
      [patient, 404],
      [await hub.as('doctor'), 404],
    ] as const) {
      expect((await who.http(`/api/v1/files/${fileId}`)).status).toBe(status);
    }
    expect(await codeOf(doctor.call('verification.list', {}))).toBe('FORBIDDEN');
    await doctor.call('application.submit', { version: await versionOf(), declared });
    expect(await codeOf(doctor.call('application.save', { version: await versionOf(), profile }))).toBe('WRONG_STATE');
  });

  test('an admin is told, asks for more with a reason, and of two who decide at once one wins', async () => {
    const { applications } = await admin.call('verification.list', {});
    expect(applications).toMatchObject([{ doctorId, name: 'Dr. Leela Bhat', state: 'submitted' }]);
    const one = await admin.call('verification.one', { doctorId });
    expect(one).toMatchObject({ email, sameRegistration: false });
    const decide = { doctorId, version: one.application.version, clinicIds: [] };
    expect(await codeOf(admin.call('verification.decide', { ...decide, decision: 'askMore' }))).toBe('INVALID_INPUT');
    expect(await codeOf(admin.call('verification.decide', { ...decide, decision: 'approve' }))).toBe('INVALID_INPUT');
    expect(await codeOf(admin.call('verification.decide', { ...decide, decision: 'suspend', reason: 'x' }))).toBe(
      'WRONG_STATE',
    );
    await admin.call('verification.decide', { ...decide, decision: 'askMore', reason: 'The picture cannot be read.' });
    const { application } = await doctor.call('application.mine', {});
    expect(application).toMatchObject({ state: 'needsMore' });
    expect(application.history.at(-1)).toMatchObject({ act: 'askMore', reason: 'The picture cannot be read.' });
    const mails = hub.database.db.collection('shownMessages');
    await until('the mail with the reason', () => mails.findOne({ to: email, text: /The picture cannot be read/ }));
    await doctor.call('application.submit', { version: application.version, declared: true });

    const second = await other.as('admin');
    const { version } = (await admin.call('verification.one', { doctorId })).application;
    const results = await Promise.all([
      codeOf(admin.call('verification.decide', { doctorId, version, decision: 'approve', clinicIds: [clinicId] })),
      codeOf(
        second.call('verification.decide', { doctorId, version, decision: 'reject', reason: 'No.', clinicIds: [] }),
      ),
    ]);
    expect(results.sort()).toEqual(['CONFLICT', 'OK']);
    const after = await admin.call('verification.one', { doctorId });
    if (after.application.state === 'rejected') {
      await doctor.call('application.submit', { version: after.application.version, declared: true });
      const next = { version: await versionOf(), decision: 'approve' as const, clinicIds: [clinicId] };
      await admin.call('verification.decide', { doctorId, ...next });
    }
    expect((await admin.call('verification.one', { doctorId })).application.state).toBe('verified');
  });

  test('verified, the desk opens and a patient finds it; suspended, it takes nobody new and the doctor is out', async () => {
    const patient = await hub.as('patient');
    const { sessionId } = await until('the desk to open', () => opening().catch(() => null));
    expect((await patient.call('queue.sessions', {})).sessions.map((one) => one.doctorName)).toContain(
      'Dr. Leela Bhat',
    );
    const patientId = patient.signedIn.account.patients[0]?.id ?? '';
    const join = { sessionId, patientId, mode: 'video' as const, reason: 'Rash' };
    const { entryId } = await patient.call('queue.join', join);
    await doctor.subscribe('queue', sessionId);

    const suspend = { doctorId, version: await versionOf(), decision: 'suspend' as const, clinicIds: [] };
    // On the other hub: this one hears of it from the database only.
    const second = await other.as('admin');
    await second.call('verification.decide', { ...suspend, reason: 'The register says otherwise.' }, 'suspend-leela');
    expect(await second.call('verification.decide', { ...suspend, reason: 'x' }, 'suspend-leela')).toMatchObject({
      state: 'suspended',
    });
    await until('the doctor’s room to be left', () =>
      doctor.closed.some(
        (one) => z.looseObject({ channel: z.literal('queue'), key: z.literal(sessionId) }).safeParse(one).success,
      ),
    );
    expect(await codeOf(doctor.call('queue.callNext', { sessionId, seen: null }))).toBe('NOT_FOUND');
    expect(await codeOf(doctor.call('consult.info', { entryId }))).toBe('NOT_FOUND');
    expect((await patient.call('queue.sessions', {})).sessions.map((one) => one.id)).not.toContain(sessionId);
    const staff = await hub.as('staff');
    const walkIn = { sessionId, name: 'Gita', age: 40, gender: 'female' as const, reason: 'Cough' };
    expect(await codeOf(staff.call('queue.addWalkIn', walkIn))).toBe('SESSION_CLOSED');
    // Who waits there is still in the hands of the clinic.
    const to = (await staff.call('queue.sessions', {})).sessions.find((one) => one.doctorName === 'Dr. Meera Rao');
    await staff.call('queue.transfer', { sessionId, entryId, toSessionId: to?.id ?? '' });
    await admin.call('verification.decide', { ...suspend, version: await versionOf(), decision: 'unsuspend' });
    expect(await codeOf(staff.call('queue.addWalkIn', walkIn))).toBe('OK');
  });
});
