import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { writeKeyring } from '../../../server/keys/keyring.ts';
import { MasterKeys, ErasedError } from '../../../server/keys/MasterKeys.ts';
import { keysCollection, PatientKeys, type StoredKey } from '../../../server/keys/PatientKeys.ts';
import { testDatabase, type TestDatabase } from '../../support/database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.drop());

const master = new MasterKeys([randomBytes(32).toString('base64')]);
const newKeys = (): PatientKeys => new PatientKeys(database.db, master, Date.now);

test('[H6] a keyring brings keys back, wrapped as they were, and never one that was destroyed', async () => {
  const keys = newKeys();
  const [mine, gone, later] = [await keys.keyOf('mine'), await keys.keyOf('gone'), await keys.keyOf('later')];
  await keys.destroy('gone');
  let held: StoredKey[] = [];
  await writeKeyring(keys, async (all) => {
    held = [];
    for await (const key of all) held.push(key);
  });
  expect(held.map((key) => [key._id, key.wrapped !== undefined])).toEqual([
    ['gone', false],
    ['later', true],
    ['mine', true],
  ]);
  for (const key of [mine, gone, later]) {
    for (const form of ['hex', 'base64'] as const) expect(JSON.stringify(held)).not.toContain(key.toString(form));
  }

  await database.db.collection(keysCollection).deleteMany({});
  // An older keyring still has the key; this database knows better.
  await newKeys().destroy('later');
  expect(await newKeys().importWrapped(held)).toEqual({ added: 2, destroyed: 1 });
  expect(await newKeys().importWrapped(held, 1)).toEqual({ added: 0, destroyed: 1 });
  expect(await newKeys().keyOf('mine')).toEqual(mine);
  await expect(newKeys().keyOf('gone')).rejects.toThrow(ErasedError);
  await expect(newKeys().keyOf('later')).rejects.toThrow(ErasedError);
  // A key that came back elsewhere is destroyed by a keyring that knows of it.
  await database.db.collection(keysCollection).deleteMany({});
  const back = newKeys();
  await back.keyOf('gone');
  await back.importWrapped(held);
  await expect(back.keyOf('gone')).rejects.toThrow(ErasedError);
});

test('[H6] a keyring during whose writing somebody is erased is written again', async () => {
  const keys = newKeys();
  await keys.keyOf('patient');
  const written: string[][] = [];
  await writeKeyring(keys, async (all) => {
    const open: string[] = [];
    for await (const key of all) if (key.wrapped) open.push(key._id);
    if (written.length === 0) await newKeys().destroy('patient');
    written.push(open);
  });
  expect(written).toHaveLength(2);
  expect(written[0]).toContain('patient');
  expect(written[1]).not.toContain('patient');
});
