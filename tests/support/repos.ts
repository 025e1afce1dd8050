import { randomBytes } from 'node:crypto';
import type { Db } from 'mongodb';
import { chatSubject } from '../../server/chat/subject.ts';
import { readConfig } from '../../server/config.ts';
import { EventSealer } from '../../server/keys/EventSealer.ts';
import { MasterKeys } from '../../server/keys/MasterKeys.ts';
import { PatientKeys } from '../../server/keys/PatientKeys.ts';
import { createRepos, type Repos } from '../../server/store/Repos.ts';
import { EventLog, type StoredEvent } from '../../server/store/streams/log.ts';
import type { TestHub } from './hub.ts';

/** The hub's collections as a test looks into them. @param key the hub's `NADI_KEY`; without it sealed fields do not open. */
export function testRepos(db: Db, key = randomBytes(32).toString('base64')): Repos {
  return createRepos(db, new PatientKeys(db, new MasterKeys([key]), Date.now));
}

type Of = Pick<TestHub, 'env' | 'database'>;

/** The patients' keys of a hub. */
export function keysOf({ env, database }: Of): PatientKeys {
  return new PatientKeys(database.db, new MasterKeys(readConfig(env).masterKeys), Date.now);
}

/** What seals the hub's events. */
export function sealingOf(hub: Of): EventSealer {
  const keys = keysOf(hub);
  return new EventSealer(keys, { chat: chatSubject(createRepos(hub.database.db, keys)) });
}

/** All events of a stream, opened. */
export async function openedEvents(hub: Of, stream: string): Promise<StoredEvent[]> {
  return await new EventLog(hub.database.db, sealingOf(hub)).latest(stream, 10_000);
}
