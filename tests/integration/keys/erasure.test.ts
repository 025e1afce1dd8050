import { demoPassword } from '../../../server/seed/people.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { reply as replySchema } from '../../../shared/contract/wire.ts';
import { attachment } from '../../../shared/state/chat.ts';
import { EventLog } from '../../../server/store/streams/log.ts';
import { MasterKeys } from '../../../server/keys/MasterKeys.ts';
import { PatientKeys, type StoredKey } from '../../../server/keys/PatientKeys.ts';
import type { Doc } from '../../../server/store/mongo.ts';
import { createRepos } from '../../../server/store/Repos.ts';
import { testDatabase } from '../../support/database.ts';
import { testHub, type TestHub } from '../../support/hub.ts';
import { keysOf, openedEvents, sealingOf } from '../../support/repos.ts';
import type { TestClient } from '../../support/TestClient.ts';
import { until } from '../../support/until.ts';
import { snapshot, takePlace } from '../chat/support.ts';

let hub: TestHub;
let other: TestHub;
beforeAll(async () => {
  hub = await testHub();
  other = await testHub({}, hub);
});
afterAll(async () => {
  await other.close();
  await hub.close();
});

async function upload(who: TestClient, text: string): Promise<string> {
  const response = await fetch(`${hub.url}/api/v1/files`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${who.signedIn.accessToken}`,
      'content-type': 'text/plain',
      'x-file-name': 'history-of-ravi.txt',
    },
    body: text,
  });
  const answer = replySchema.parse(await response.json());
  return attachment.parse(answer.ok ? answer.data : null).id;
}

async function keyring(keys: PatientKeys): Promise<StoredKey[]> {
  const held: StoredKey[] = [];
  for await (const key of keys.exportWrapped()) held.push(key);
  return held;
}

describe('[H5] erasing a patient', () => {
  test('nothing about them can be read any more, here, on the other hub and from a backup; the rest stands', async () => {
    const [patient, asha, doctor, staff, admin] = await Promise.all(
      ['patient2', 'patient', 'doctor', 'staff', 'admin'].map((who) => hub.as(who)),
    );
    if (!patient || !asha || !doctor || !staff || !admin) throw new Error('somebody is missing');
    const { entryId, sessionId } = await takePlace(hub, patient);
    const theirs = await takePlace(hub, asha);
    await staff.call('queue.triage', { sessionId, entryId, vitals: { pulse: 91 }, note: 'pale', priority: 'normal' });
    const file = await upload(patient, 'three years of coughing');
    await patient.call('chat.send', { threadId: entryId, text: 'It hurts here', attachments: [file] });
    const mine = await doctor.call('chat.send', { threadId: entryId, text: 'Since when' });
    await asha.call('chat.send', { threadId: theirs.entryId, text: 'Other matter' });
    // Watches on the other hub, which holds the thread in memory.
    const watching = await other.as('doctor');
    expect((await snapshot(watching, entryId)).state.messages).toHaveLength(2);
    const before = await keyring(keysOf(hub));

    const code = patient.signedIn.account.patients[0]?.code ?? '';
    const { patientId, name, keptUntil, erased } = await admin.call('erasure.find', { code });
    expect([name !== '', erased, keptUntil > Date.now()]).toEqual([true, false, true]);
    await expect(admin.call('erasure.erase', { patientId, proof: demoPassword })).rejects.toMatchObject({
      code: 'RETAINED',
    });
    await expect(
      admin.call('erasure.erase', { patientId, ground: 'court-order', proof: 'not-my-password' }),
    ).rejects.toMatchObject({ code: 'BAD_CREDENTIALS' });
    await expect(doctor.call('erasure.erase', { patientId, proof: demoPassword })).rejects.toMatchObject({
      code: 'FORBIDDEN',
    });
    const done = await admin.call('erasure.erase', { patientId, ground: 'court-order', proof: demoPassword });
    expect(done).toMatchObject({ patientId, ground: 'court-order', complete: true });
    expect(await admin.call('erasure.erase', { patientId, proof: demoPassword })).toEqual(done);
    expect((await admin.call('erasure.list', { limit: 10 })).erasures).toEqual([done]);

    // The doctor still has the visit; what it held is marked as erased, and nothing is added.
    await until('the other hub to tell its watcher', () =>
      watching.resyncs.some((frame) => JSON.stringify(frame) === JSON.stringify({ channel: 'chat', key: entryId })),
    );
    for (const one of [watching, doctor]) {
      const { state } = await snapshot(one, entryId);
      expect(state.messages.map((message) => [message.text, message.erased, message.attachments])).toEqual([
        ['', true, undefined],
        ['', true, undefined],
      ]);
      const edit = one.call('chat.edit', { threadId: entryId, messageId: mine.messageId, text: 'x' });
      await expect(edit).rejects.toMatchObject({ code: 'ERASED' });
      await expect(one.call('chat.send', { threadId: entryId, text: 'And now' })).rejects.toMatchObject({
        code: 'ERASED',
      });
      expect((await one.call('chat.history', { threadId: entryId, before: 9 })).messages).toHaveLength(2);
      expect((await one.call('chat.search', { threadId: entryId, text: 'hurts' })).messages).toEqual([]);
      const { threads } = await one.call('chat.threads', {});
      expect(threads.find((thread) => thread.id === entryId)).toMatchObject({
        patientName: code,
        last: { text: '', erased: true },
      });
    }
    const got = await fetch(`${hub.url}/api/v1/files/${file}`, {
      headers: { authorization: `Bearer ${doctor.signedIn.accessToken}` },
    });
    expect(got.status).toBe(404);
    const desk = await doctor.subscribe('queue', sessionId);
    expect(desk.kind).toBe('snapshot');
    await doctor.subscribe('directory', sessionId);
    // Whose login it was is out, and cannot come in.
    await until('the patient to be signed out', () => !patient.socket.connected);
    await expect(hub.as('patient2')).rejects.toThrow();
    expect((await snapshot(asha, theirs.entryId)).state.messages[0]?.text).toBe('Other matter');

    // The stored patient is a tombstone, and who did it stands in the trail.
    await until(
      'the place to be given up',
      async () => !(await hub.database.db.collection('places').findOne({ patientId, active: true })),
    );
    const { db } = hub.database;
    const repos = createRepos(db, keysOf(hub));
    expect(await repos.patients.get(patientId)).toMatchObject({ name: code, phone: null, guardians: [] });
    expect(await repos.places.get(entryId)).toMatchObject({ reason: '' });
    expect((await repos.places.get(entryId))?.active).toBeUndefined();
    expect(await repos.triages.one({ patientId })).toMatchObject({ note: null, vitals: {} });
    const trail = await db.collection<Doc>('audit').find({ action: 'erasure.erase', patientId }).toArray();
    expect(trail.map((one) => [one['phase'], one['code'] ?? null])).toEqual(
      expect.arrayContaining([
        ['intent', null],
        ['outcome', 'RETAINED'],
        ['outcome', 'OK'],
      ]),
    );

    // A backup of the data with the keyring of now, restored elsewhere.
    const restored = await testDatabase();
    try {
      for (const collection of ['events', 'threads', 'places', 'triages']) {
        const docs = await db.collection(collection).find().toArray();
        await restored.db.collection(collection).insertMany(docs);
      }
      const masters = new MasterKeys([hub.env['NADI_KEY'] ?? '']);
      const elsewhere = new PatientKeys(restored.db, masters, Date.now);
      expect(before.find((key) => key._id === patientId)?.wrapped).toBeDefined();
      await elsewhere.importWrapped(await keyring(keysOf(hub)));
      const there = { ...hub, database: restored };
      expect((await openedEvents(there, `chat:${entryId}`))[0]?.data).toMatchObject({ text: '', erased: true });
      expect((await openedEvents(there, `chat:${theirs.entryId}`))[0]?.data).toMatchObject({ text: 'Other matter' });
      // Not even an older keyring brings them back into a database that knows.
      await elsewhere.importWrapped(before);
      const log = new EventLog(restored.db, sealingOf(there));
      expect((await log.latest(`chat:${entryId}`, 9))[0]?.data).toMatchObject({ text: '' });
    } finally {
      await restored.drop();
    }
  });
});
