import { afterEach, beforeEach, expect, it } from 'vitest';
import { createApp } from '../../../server/app.ts';
import { readConfig } from '../../../server/config.ts';
import { DemoPeopleError, hasAdmin, makeFirstPeople } from '../../../server/seed/firstPeople.ts';
import { demoLogins, demoPassword } from '../../../server/seed/people.ts';
import { migrate } from '../../../server/store/migrations/index.ts';
import { testDatabase, type TestDatabase } from '../../support/database.ts';
import { hubEnvironment, testHub } from '../../support/hub.ts';

let database: TestDatabase;
beforeEach(async () => {
  database = await testDatabase();
  await migrate(database.db);
});
afterEach(() => database.drop());

const wish = {
  clinic: { name: 'Asha’s Clinic', address: '', zone: 'Asia/Kolkata' },
  admin: { name: 'Asha Rao', email: 'asha@clinic.example', password: 'a long password' },
};

it('[I2] the first people are made once, whoever asks again, and an interrupted beginning is completed', async () => {
  await database.db.collection<{ _id: string }>('clinics').insertOne({ _id: 'c', ...wish.clinic });
  expect(await makeFirstPeople(database.db, wish, 1)).toBe(true);
  const other = { ...wish, admin: { ...wish.admin, email: 'other@clinic.example' } };
  expect(await makeFirstPeople(database.db, other, 2)).toBe(false);
  expect(await database.db.collection('accounts').countDocuments()).toBe(1);
  expect(await database.db.collection('clinics').countDocuments()).toBe(1);
});

it('[I2] in production nobody but the first admin gets in, and no demo comes into being', async () => {
  await makeFirstPeople(database.db, wish, 1);
  const { env } = hubEnvironment(database, { NADI_MODE: 'production' });
  const hub = await testHub({}, { database, env });
  try {
    expect(await signIn(hub.url, wish.admin.email, wish.admin.password)).toBe(200);
    for (const { email } of demoLogins) expect(await signIn(hub.url, email, demoPassword)).toBe(401);
    expect(await database.db.collection('accounts').countDocuments()).toBe(1);
  } finally {
    await hub.close();
  }
});

it('[I2] a database on which a demo ran is no clinic’s: neither set-up nor hub takes it', async () => {
  const demo = await testHub({}, { database });
  await demo.close();
  expect(await hasAdmin(database.db)).toBe(true);
  await expect(makeFirstPeople(database.db, wish, 1)).rejects.toThrow(DemoPeopleError);
  const { env } = hubEnvironment(database, { NADI_MODE: 'production' });
  await expect(createApp(readConfig(env))).rejects.toThrow(DemoPeopleError);
});

/** The status a sign-in is answered with. */
async function signIn(url: string, email: string, password: string): Promise<number> {
  const headers = { 'content-type': 'application/json' };
  const body = JSON.stringify({ email, password });
  return (await fetch(`${url}/api/v1/auth/login`, { method: 'POST', headers, body })).status;
}
