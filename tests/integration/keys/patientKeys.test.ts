import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ErasedError, MasterKeys, SealError } from '../../../server/keys/MasterKeys.ts';
import { PatientKeys } from '../../../server/keys/PatientKeys.ts';
import type { PlaceDoc } from '../../../server/store/entities.ts';
import { createRepos } from '../../../server/store/Repos.ts';
import { newId } from '../../../server/support/ids.ts';
import { testDatabase, type TestDatabase } from '../../support/database.ts';

const newMaster = (): string => randomBytes(32).toString('base64');
let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.drop());

function place(patientId: string, reason: string): PlaceDoc {
  return {
    _id: newId(),
    patientId,
    sessionId: newId(),
    clinicId: newId(),
    doctorId: newId(),
    mode: 'video',
    source: 'online',
    priority: 'normal',
    reason,
    createdAt: 1,
    command: { key: newId(), accountId: newId(), role: 'patient' },
  };
}

describe('keys of patients', () => {
  test('what is clinical is not in the database, opens for the hub, and is erased with the key', async () => {
    const { db } = database;
    const master = newMaster();
    let now = 1_000;
    const keys = new PatientKeys(db, new MasterKeys([master]), () => now);
    const { places } = createRepos(db, keys);
    const [mine, other] = [place(newId(), 'chest pain since Tuesday'), place(newId(), 'rash on both arms')];
    expect([await places.insert(mine), await places.insert(other)]).toEqual([true, true]);
    const dump = JSON.stringify(await db.collection('places').find().toArray());
    expect(dump).not.toContain('chest pain');
    expect(dump).not.toContain('rash');
    expect(await places.get(mine._id)).toEqual(mine);

    await keys.destroy(mine.patientId);
    expect(await places.get(mine._id)).toEqual({ ...mine, reason: '' });
    expect(await places.get(other._id)).toEqual(other);
    await expect(places.insert(place(mine.patientId, 'again'))).rejects.toThrow(ErasedError);
    // Another hub that had the key in memory forgets it within seconds.
    const elsewhere = new PatientKeys(db, new MasterKeys([master]), () => now);
    await elsewhere.keyOf(other.patientId);
    await keys.destroy(other.patientId);
    now += 5_001;
    await expect(elsewhere.keyOf(other.patientId)).rejects.toThrow('destroyed');
    // And a restored backup of the data opens nothing.
    expect(await places.get(other._id)).toMatchObject({ reason: '' });
  });

  test('a sealed value that was moved to another document does not open; nor may one be set alone', async () => {
    const { db } = database;
    const keys = new PatientKeys(db, new MasterKeys([newMaster()]), Date.now);
    const { places } = createRepos(db, keys);
    const patientId = newId();
    const [one, two] = [place(patientId, 'first'), place(patientId, 'second')];
    await places.insert(one);
    await places.insert(two);
    const raw = await db.collection<{ _id: string; reason: string }>('places').findOne({ _id: one._id });
    await db
      .collection<{ _id: string; reason: string }>('places')
      .updateOne({ _id: two._id }, { $set: { reason: raw?.reason ?? '' } });
    await expect(places.get(two._id)).rejects.toThrow(SealError);
    await expect(places.update({ _id: one._id }, { $set: { reason: 'in the clear' } })).rejects.toThrow(SealError);
  });

  test('two hubs that meet a patient first at once use one key', async () => {
    const { db } = database;
    const master = newMaster();
    const hubs = Array.from({ length: 4 }, () => new PatientKeys(db, new MasterKeys([master]), Date.now));
    const subject = newId();
    const found = await Promise.all(hubs.map((hub) => hub.keyOf(subject)));
    expect(new Set(found.map((key) => key.toString('hex'))).size).toBe(1);
  });

  test('a new master key takes over 10,000 patients; the old one is needed no more', async () => {
    const { db } = database;
    await db.collection('keys').deleteMany({});
    const [old, fresh] = [newMaster(), newMaster()];
    const before = new MasterKeys([old]);
    const docs = Array.from({ length: 10_000 }, (_, i) => {
      const _id = `p${i}`;
      return { _id, wrapped: before.newKey(_id).wrapped, createdAt: 1 };
    });
    await db.collection<(typeof docs)[number]>('keys').insertMany(docs);
    const key = await new PatientKeys(db, before, Date.now).keyOf('p77');
    const both = new PatientKeys(db, new MasterKeys([fresh, old]), Date.now);
    expect(await both.rewrap()).toBe(10_000);
    expect(await both.rewrap()).toBe(0);
    expect(await new PatientKeys(db, new MasterKeys([fresh]), Date.now).keyOf('p77')).toEqual(key);
    await expect(new PatientKeys(db, new MasterKeys([old]), Date.now).keyOf('p77')).rejects.toThrow('not configured');
  });
});
