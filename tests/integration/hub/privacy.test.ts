import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { QueueViews } from '../../../server/queue/QueueViews.ts';
import {
  channels,
  isOperationName,
  methodOf,
  operationOf,
  operations,
  pathOf,
} from '../../../shared/contract/index.ts';
import { place } from '../../../shared/contract/queueViews.ts';
import { consentVersion } from '../../../shared/contract/recordings.ts';
import { reply as replySchema, type Reply } from '../../../shared/contract/wire.ts';
import { testHub, type TestHub } from '../../support/hub.ts';
import { createRelay, type Relay } from '../../support/relay.ts';
import { TestClient } from '../../support/TestClient.ts';
import { until } from '../../support/until.ts';

let hub: TestHub;
let relay: Relay;

beforeEach(async () => {
  hub = await testHub();
  relay = await createRelay(hub.url);
});
afterEach(async () => {
  await relay.close();
  await hub.close();
});

/** A text that occurs nowhere by chance. */
const secret = (what: string): string => `${what} ${randomBytes(6).toString('hex')}`;

/** A morning at two desks: Asha, whose wire is tapped, among others who are nothing to her. */
async function morning(): Promise<{ asha: TestClient; own: string[]; entryId: string }> {
  const asha = await TestClient.as(relay.url, 'patient');
  const [doctor, doctor2, staff, ravi] = await Promise.all(
    ['doctor', 'doctor2', 'staff', 'patient2'].map((who) => hub.as(who)),
  );
  if (!doctor || !doctor2 || !staff || !ravi) throw new Error('somebody is missing');
  const sessionOf = async (one: TestClient): Promise<string> =>
    (await one.call('queue.sessions', {})).sessions[0]?.id ?? '';
  const [desk, desk2] = [await sessionOf(doctor), await sessionOf(doctor2)];
  const clinicId = staff.signedIn.account.clinics[0]?.id ?? '';
  for (const [who, session] of [
    [doctor, desk],
    [staff, desk],
    [doctor2, desk2],
  ] as const) {
    await who.subscribe('queue', session);
    await who.subscribe('directory', session);
  }
  const walkIn = (sessionId: string, priority: 'normal' | 'emergency' = 'normal') =>
    staff.call('queue.addWalkIn', {
      sessionId,
      name: secret('Walkin'),
      phone: `+91 9${String(randomBytes(4).readUInt32BE()).padStart(10, '0').slice(0, 9)}`,
      age: 50,
      gender: 'female',
      reason: secret('Pain'),
      priority,
    });

  await asha.subscribe('lobby', clinicId);
  await asha.subscribe('myPlaces', asha.signedIn.account.id);
  await asha.call('queue.sessions', {});
  const patientId = asha.signedIn.account.patients[0]?.id ?? '';
  const mine = await asha.call('queue.join', {
    sessionId: desk,
    patientId,
    mode: 'video',
    reason: secret('Own reason'),
  });
  await asha.subscribe('place', mine.entryId);
  await asha.subscribe('chat', mine.entryId);
  await asha.subscribe('receipts', mine.entryId);
  await asha.subscribe('typing', mine.entryId);
  await asha.subscribe('unread', asha.signedIn.account.id);

  const ravisPatient = ravi.signedIn.account.patients[0]?.id ?? '';
  const theirs = await ravi.call('queue.join', {
    sessionId: desk,
    patientId: ravisPatient,
    mode: 'video',
    reason: secret('Itch'),
  });
  await ravi.subscribe('chat', theirs.entryId);
  const added = await walkIn(desk);
  await walkIn(desk, 'emergency');
  await walkIn(desk2);
  await staff.call('queue.prioritise', { sessionId: desk, entryId: added.entryId, priority: 'urgent' });
  await ravi.call('chat.send', { threadId: theirs.entryId, text: secret('Ravi says') });
  await doctor.call('chat.send', { threadId: theirs.entryId, text: secret('To Ravi') });

  // The doctor works until Asha is called, then everybody goes on around her visit.
  let seen: string | null = null;
  for (let turn = 0; turn < 12 && seen !== mine.entryId; turn++) {
    const called: { entryId: string } = await doctor.call('queue.callNext', { sessionId: desk, seen });
    seen = called.entryId;
    await doctor.call('queue.start', { sessionId: desk, entryId: seen });
    if (seen === mine.entryId) break;
    if (turn === 1) await walkIn(desk);
    await doctor.call('queue.finish', { sessionId: desk, entryId: seen });
  }
  expect(seen).toBe(mine.entryId);
  const ownTexts = [secret('Asha says'), secret('To Asha')];
  await asha.call('chat.send', { threadId: mine.entryId, text: ownTexts[0] ?? '' });
  await doctor.call('chat.send', { threadId: mine.entryId, text: ownTexts[1] ?? '' });
  await asha.call('consult.info', { entryId: mine.entryId });
  await asha.op('consult.join', { entryId: mine.entryId });
  await walkIn(desk2, 'emergency');
  await doctor2.call('queue.callNext', { sessionId: desk2, seen: null });
  await doctor.call('queue.finish', { sessionId: desk, entryId: mine.entryId });
  await asha.view('place', mine.entryId, place, (state) => state.state === 'done', 'her visit to end');
  await asha.call('queue.history', {});
  await asha.call('chat.history', { threadId: mine.entryId, before: 100 });
  await asha.call('chat.threads', {});
  await asha.call('chat.thread', { threadId: mine.entryId });
  await asha.call('chat.open', { kind: 'waiting', entryId: mine.entryId });
  await asha.call('chat.search', { threadId: mine.entryId, text: 'a' });
  await asha.http(`${pathOf('queue.history')}?limit=50`);
  await asha.http(pathOf('account.me'));
  await until('both messages on her wire', () => ownTexts.every((text) => relay.down().includes(text)));
  return { asha, entryId: mine.entryId, own: [...ownTexts, mine.entryId, patientId, 'Asha Verma'] };
}

interface Facts {
  readonly [what: string]: readonly string[];
}

/** Everything in the database that belongs to people other than Asha and hers. */
async function secretsOf(asha: TestClient): Promise<Facts> {
  const { db } = hub.database;
  const mine = new Set(asha.signedIn.account.patients.map((patient) => patient.id));
  const all = async (name: string) => await db.collection(name).find({}).toArray();
  const [accounts, patients, places, events, encounters, sessions] = await Promise.all(
    ['accounts', 'patients', 'places', 'events', 'encounters', 'authSessions'].map(all),
  );
  const text = (value: unknown): string[] => (typeof value === 'string' && value !== '' ? [value] : []);
  const others = (patients ?? []).filter((one) => !mine.has(String(one._id)));
  const claims = (places ?? []).filter((one) => !mine.has(String(one['patientId'])));
  const threads = new Set(claims.map((one) => `chat:${String(one._id)}`));
  // Her own doctor is her partner in the chat: that account's id is hers to see. Names of doctors are public.
  const partner = (accounts ?? []).find((one) => one['email'] === 'doctor@demo.nadi');
  const strangers = (accounts ?? []).filter(
    (one) => one._id !== partner?._id && String(one._id) !== asha.signedIn.account.id,
  );
  return {
    name: others.flatMap((one) => text(one['name'])),
    code: others.flatMap((one) => text(one['code'])),
    phone: others.flatMap((one) => text(one['phone'])),
    patientId: others.map((one) => String(one._id)),
    entryId: claims.map((one) => String(one._id)),
    reason: claims.flatMap((one) => text(one['reason'])),
    chat: (events ?? [])
      .filter((one) => threads.has(String(one['stream'])))
      .flatMap((one) => /"text":"([^"]+)"/.exec(JSON.stringify(one['data']))?.[1] ?? []),
    accountId: strangers.map((one) => String(one._id)),
    email: strangers.flatMap((one) => text(one['email'])).filter((email) => !email.endsWith('@demo.nadi')),
    encounterId: (encounters ?? []).filter((one) => !mine.has(String(one['patientId']))).map((one) => String(one._id)),
    sid: (sessions ?? []).filter((one) => one['accountId'] !== asha.signedIn.account.id).map((one) => String(one._id)),
  };
}

/** Which secrets stand in the bytes, plainly or as JSON would write them. */
function leaks(bytes: string, secrets: Facts): string[] {
  return Object.entries(secrets).flatMap(([what, values]) =>
    values
      .filter((value) => bytes.includes(value) || bytes.includes(JSON.stringify(value).slice(1, -1)))
      .map((value) => `${what}: ${value}`),
  );
}

const noProfile = {
  ...{ specialty: null, qualification: null, registrationNumber: null, council: null, registrationYear: null },
  ...{ experienceYears: null, feePaise: null, education: null, affiliation: null, languages: [], bio: null },
};

describe('[I3] a patient’s wire', () => {
  test('holds nothing of anybody else through a busy morning', async () => {
    const { asha, own } = await morning();
    const secrets = await secretsOf(asha);
    for (const [what, values] of Object.entries(secrets)) {
      if (what !== 'email') expect([what, values.length]).not.toEqual([what, 0]);
    }
    for (const known of own) expect(relay.down()).toContain(known);
    expect(relay.up()).toContain('queue.join');
    expect(leaks(relay.down(), secrets)).toEqual([]);
  });

  test('holds nothing more when its owner asks for what is others’', async () => {
    const { asha, entryId } = await morning();
    const secrets = await secretsOf(asha);
    const before = relay.down().length;
    const [someEntry = '', someAccount = '', somePatient = '', otherSignIn = ''] = [
      secrets['entryId'],
      secrets['accountId'],
      secrets['patientId'],
      secrets['sid'],
    ].map((all) => all?.[0]);
    const sessionId = (await asha.call('queue.sessions', {})).sessions[0]?.id ?? '';
    const answers: [string, Reply][] = [];

    for (const [channel, definition] of Object.entries(channels)) {
      for (const key of [
        ...(secrets['entryId'] ?? []),
        ...(secrets['accountId'] ?? []),
        ...(secrets['patientId'] ?? []),
        sessionId,
      ]) {
        // A clinic's lobby and one's own things are the only ones that she may see; no stranger's key is one of these.
        for (const since of [undefined, { epoch: 1, seq: 1 }]) {
          answers.push([`subscribe ${channel}`, await asha.subscribeReply(channel, key, since)]);
        }
      }
      expect(definition.summary).not.toBe('');
    }
    const inputs: Record<string, object> = {
      'queue.openSession': { clinicId: someEntry, label: 'Mine' },
      'queue.join': { sessionId, patientId: somePatient, mode: 'video', reason: 'x' },
      'queue.leave': { entryId: someEntry },
      'erasure.find': { code: 'ND-7K3M-42QX' },
      'erasure.erase': { patientId: somePatient, ground: 'other-law', proof: 'wrong-password-here' },
      'erasure.list': { limit: 5 },
      'queue.addWalkIn': { sessionId, name: 'X', age: 1, gender: 'other', reason: 'x' },
      'queue.callNext': { sessionId, seen: someEntry },
      'queue.prioritise': { sessionId, entryId: someEntry, priority: 'urgent' },
      'queue.doctors': { clinicId: someEntry },
      'queue.checkIn': { entryId: someEntry },
      'queue.checkInCode': { clinicId: someEntry },
      'queue.placeLink': { sessionId, entryId: someEntry },
      'queue.scanArrived': { clinicId: someEntry, code: 'A'.repeat(43) },
      'queue.call': { sessionId, entryId: someEntry, seen: null },
      'queue.requeue': { sessionId, entryId: someEntry, position: 1 },
      'queue.transfer': { sessionId, entryId: someEntry, toSessionId: sessionId },
      'queue.acknowledge': { sessionId, entryId: someEntry, alert: 'arrival' },
      'queue.triage': { sessionId, entryId: someEntry, vitals: {}, priority: 'normal' },
      'queue.undo': { sessionId, entryId: someEntry, undoes: 1 },
      'queue.pause': { sessionId, reason: 'break', until: null },
      'queue.unpause': { sessionId },
      'queue.closeDesk': { sessionId, rest: 'cancel' },
      'queue.accuracy': { clinicId: someEntry, days: 7 },
      'board.list': { clinicId: someEntry },
      'board.create': { clinicId: someEntry, doctorId: null, name: 'Mine' },
      'board.remove': { boardId: someEntry },
      'auth.revokeSession': { signInId: otherSignIn },
      'auth.removeFactorOf': { accountId: someAccount, proof: 'nadi-demo' },
      'auth.endSessionsOf': { accountId: someAccount, proof: 'nadi-demo' },
      'consult.join': { entryId: someEntry },
      'consult.info': { entryId: someEntry },
      'consent.give': { entryId: someEntry, version: consentVersion.options[0], language: 'en' },
      ...Object.fromEntries(
        ['consent.withdraw', 'consent.mine', 'recordings.list'].map((name) => [name, { entryId: someEntry }]),
      ),
      'chat.send': { threadId: someEntry, text: 'hello' },
      'chat.history': { threadId: someEntry, before: 1_000 },
      'chat.open': { kind: 'waiting', entryId: someEntry },
      'chat.search': { threadId: someEntry, text: 'e' },
      'chat.edit': { threadId: someEntry, messageId: someEntry, text: 'hello' },
      'chat.delete': { threadId: someEntry, messageId: someEntry },
      ...Object.fromEntries(['chat.thread', 'chat.typing'].map((name) => [name, { threadId: someEntry }])),
      ...Object.fromEntries(['chat.read', 'chat.delivered'].map((name) => [name, { threadId: someEntry, seq: 1 }])),
      'notify.read': { notificationId: someEntry },
      ...Object.fromEntries(
        ['notify.retryDelivery', 'notify.discardDelivery'].map((name) => [name, { deliveryId: someEntry }]),
      ),
      ...Object.fromEntries(
        ['notify.outbox', 'notify.deadLetters', 'announcements.list'].map((name) => [name, { limit: 5 }]),
      ),
      'announcements.publish': { texts: { en: { title: 'x', body: 'x' }, hi: null }, roles: ['patient'] },
      'audit.search': { actorId: someAccount, limit: 5 },
      'audit.state': { limit: 5 },
      'announcements.withdraw': { announcementId: someEntry },
      ...Object.fromEntries(['backup.status', 'backup.start'].map((name) => [name, {}])),
      'people.list': { search: 'a' },
      ...Object.fromEntries(['people.one', 'people.reinvite'].map((name) => [name, { accountId: someAccount }])),
      ...Object.fromEntries(
        ['people.deactivate', 'people.reactivate'].map((name) => [
          name,
          { accountId: someAccount, proof: 'nadi-demo' },
        ]),
      ),
      'people.invite': { name: 'X', email: 'x@example.org', roles: ['admin'], proof: 'nadi-demo' },
      'people.change': { accountId: someAccount, seen: 0, roles: ['admin'], proof: 'nadi-demo' },
      'application.mine': {},
      'application.save': { version: 0, profile: noProfile },
      'application.attach': { version: 0, as: 'photo', fileId: someEntry },
      'application.detach': { version: 0, fileId: someEntry },
      'application.submit': { version: 0, declared: true },
      'verification.list': { state: 'verified' },
      'verification.one': { doctorId: someEntry },
      'verification.decide': { doctorId: someEntry, version: 0, decision: 'unsuspend' },
      ...Object.fromEntries(
        [
          'queue.recall',
          'queue.start',
          'queue.finish',
          'queue.skip',
          'queue.cancel',
          'queue.noShow',
          'queue.hold',
          'queue.resume',
          'queue.markArrived',
        ].map((name) => [name, { sessionId, entryId: someEntry }]),
      ),
    };
    const harmless = [
      'system.info',
      'account.me',
      'queue.sessions',
      'queue.history',
      'chat.threads',
      'announcements.mine',
      // One's own settings and list: they name nobody else.
      ...['notify.readAll', 'notify.dismiss', 'notify.preferences', 'notify.setPreferences', 'notify.vapidKey'],
      ...['notify.setPhone', 'notify.verifyPhone', 'notify.removePhone'],
      ...['notify.subscribePush', 'notify.unsubscribePush', 'notify.telegramLink', 'notify.telegramUnlink'],
      'auth.login',
      'auth.refresh',
      'auth.logout',
      'auth.sessions',
      ...['auth.changePassword', 'auth.requestReset', 'auth.reset', 'auth.verifyEmail'],
      ...['account.email', 'account.requestEmailProof'],
      ...['auth.secondFactor', 'auth.factor', 'auth.enrolFactor', 'auth.confirmFactor'],
      ...['auth.renewRecoveryCodes', 'auth.removeFactor'],
      ...['auth.ways', 'auth.requestCode', 'auth.useCode', 'auth.signUp'],
      'auth.revokeOthers',
      ...['auth.register', 'auth.invitation', 'auth.acceptInvitation'],
    ];
    expect([...Object.keys(inputs), ...harmless].sort()).toEqual(Object.keys(operations).sort());
    for (const [name, input] of Object.entries(inputs)) {
      answers.push([name, await asha.op(name, input)]);
      if (!isOperationName(name)) continue;
      const get = methodOf(operationOf(name)) === 'get';
      const query = new URLSearchParams(Object.entries(input).map(([key, value]) => [key, String(value)]));
      const response = get
        ? await asha.http(`${pathOf(name)}?${query.toString()}`)
        : await asha.http(pathOf(name), { body: input });
      answers.push([`${name} over HTTP`, replySchema.parse(await response.json())]);
    }
    // An id that does not exist is answered like one that is somebody else's.
    const nobody = '00000000-0000-4000-8000-000000000001';
    const strip = (answer: Reply) => (answer.ok ? answer : { ...answer.error, traceId: '' });
    for (const [name, field] of [
      ['consult.info', 'entryId'],
      ['queue.leave', 'entryId'],
      ['chat.send', 'threadId'],
    ] as const) {
      const [real, none] = [
        await asha.op(name, { ...inputs[name], [field]: someEntry }),
        await asha.op(name, { ...inputs[name], [field]: nobody }),
      ];
      expect(strip(real)).toEqual(strip(none));
    }
    expect(strip(await asha.subscribeReply('place', someEntry))).toEqual(
      strip(await asha.subscribeReply('place', nobody)),
    );
    expect(strip(await asha.subscribeReply('myPlaces', someAccount))).toEqual(
      strip(await asha.subscribeReply('myPlaces', nobody)),
    );

    for (const [what, answer] of answers) {
      expect([what, answer.ok ? 'ok' : answer.error.code]).toEqual([
        what,
        expect.stringMatching(/^(NOT_FOUND|FORBIDDEN)$/),
      ]);
      if (!answer.ok) expect(answer.error.details).toBeUndefined();
    }
    // Others go on; nothing of it may reach her through a subscription that was refused.
    const staff = await hub.as('staff');
    await staff.call('queue.addWalkIn', {
      sessionId,
      name: secret('Later'),
      age: 9,
      gender: 'male',
      reason: secret('Later'),
    });
    await asha.call('consult.info', { entryId });
    expect(relay.down().length).toBeGreaterThan(before);
    expect(leaks(relay.down(), await secretsOf(asha))).toEqual([]);
  });

  test('a serializer that leaks is caught by this very test', async () => {
    const { places } = QueueViews.prototype;
    let stolen = '';
    vi.spyOn(QueueViews.prototype, 'places').mockImplementation(async function (this: QueueViews, ...args) {
      const found = await places.apply(this, args);
      const other = await hub.database.db.collection('patients').findOne({ name: /^Walkin/ });
      stolen = String(other?.['name'] ?? '');
      return found.map((one) => ({ ...one, doctorName: `${one.doctorName} ${stolen}` }));
    });
    const { asha } = await morning();
    const found = leaks(relay.down(), await secretsOf(asha));
    expect(stolen).not.toBe('');
    expect(found).toContain(`name: ${stolen}`);
  });
});
