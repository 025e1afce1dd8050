import type { Db } from 'mongodb';
import { account, clinic, deskSession, doctor, encounter, patient, placeDoc, room } from './entities.ts';
import { Repo } from './Repo.ts';

/** Every collection with its shape. Use cases do not see this: they get an actor-bound `Access`. */
export function createRepos(db: Db) {
  return {
    accounts: new Repo(db, 'accounts', account),
    clinics: new Repo(db, 'clinics', clinic),
    doctors: new Repo(db, 'doctors', doctor),
    patients: new Repo(db, 'patients', patient),
    deskSessions: new Repo(db, 'deskSessions', deskSession),
    places: new Repo(db, 'places', placeDoc),
    encounters: new Repo(db, 'encounters', encounter),
    rooms: new Repo(db, 'rooms', room),
  };
}
export type Repos = ReturnType<typeof createRepos>;
