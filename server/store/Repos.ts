import type { Db } from 'mongodb';
import {
  account,
  boardDoc,
  clinic,
  deskSession,
  doctor,
  encounter,
  fileDoc,
  patient,
  placeDoc,
  receiptDoc,
  room,
  threadDoc,
  triageDoc,
} from './entities.ts';
import { secondFactorDoc } from '../accounts/SecondFactors.ts';
import { triesDoc } from '../accounts/Tries.ts';
import { erasureDoc } from '../erasure/documents.ts';
import { sealedFields } from '../keys/fields.ts';
import type { PatientKeys } from '../keys/PatientKeys.ts';
import { Sealer } from '../keys/Sealer.ts';
import {
  announcementDoc,
  challenge,
  deliveryDoc,
  notifySettings,
  pushDevice,
  shownMessageDoc,
} from '../notify/documents.ts';
import { consentDoc, recordingDoc } from '../recordings/documents.ts';
import { Repo } from './Repo.ts';

/** Every collection with its shape; clinical fields are sealed by `keys`. Use cases do not see this: they get an actor-bound `Access`. */
export function createRepos(db: Db, keys: PatientKeys) {
  const sealer = (name: keyof typeof sealedFields): Sealer => new Sealer(name, sealedFields[name], keys);
  return {
    accounts: new Repo(db, 'accounts', account),
    secondFactors: new Repo(db, 'secondFactors', secondFactorDoc, sealer('secondFactors')),
    tries: new Repo(db, 'tries', triesDoc),
    clinics: new Repo(db, 'clinics', clinic),
    doctors: new Repo(db, 'doctors', doctor),
    patients: new Repo(db, 'patients', patient),
    deskSessions: new Repo(db, 'deskSessions', deskSession),
    places: new Repo(db, 'places', placeDoc, sealer('places')),
    erasures: new Repo(db, 'erasures', erasureDoc),
    encounters: new Repo(db, 'encounters', encounter),
    rooms: new Repo(db, 'rooms', room),
    consents: new Repo(db, 'consents', consentDoc),
    recordings: new Repo(db, 'recordings', recordingDoc),
    boards: new Repo(db, 'boards', boardDoc),
    triages: new Repo(db, 'triages', triageDoc, sealer('triages')),
    threads: new Repo(db, 'threads', threadDoc),
    receipts: new Repo(db, 'receipts', receiptDoc),
    files: new Repo(db, 'files', fileDoc, sealer('files')),
    notifySettings: new Repo(db, 'notifySettings', notifySettings),
    pushDevices: new Repo(db, 'pushDevices', pushDevice),
    deliveries: new Repo(db, 'deliveries', deliveryDoc),
    shownMessages: new Repo(db, 'shownMessages', shownMessageDoc),
    challenges: new Repo(db, 'challenges', challenge),
    announcements: new Repo(db, 'announcements', announcementDoc),
  };
}
export type Repos = ReturnType<typeof createRepos>;
