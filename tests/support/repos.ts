import { randomBytes } from 'node:crypto';
import type { Db } from 'mongodb';
import { MasterKeys } from '../../server/keys/MasterKeys.ts';
import { PatientKeys } from '../../server/keys/PatientKeys.ts';
import { createRepos, type Repos } from '../../server/store/Repos.ts';

/** The hub's collections as a test looks into them. @param key the hub's `NADI_KEY`; without it sealed fields do not open. */
export function testRepos(db: Db, key = randomBytes(32).toString('base64')): Repos {
  return createRepos(db, new PatientKeys(db, new MasterKeys([key]), Date.now));
}
