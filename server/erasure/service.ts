import type { ErasureGround, ErasureView } from '../../shared/contract/erasure.ts';
import type { InputOf, OutputOf } from '../../shared/contract/index.ts';
import { AppError } from '../../shared/errors.ts';
import { parsePatientCode } from '../../shared/patientCode.ts';
import type { QueueEvent, QueueState } from '../../shared/state/queue.ts';
import type { Keyring } from '../keys/keyring.ts';
import type { PatientKeys } from '../keys/PatientKeys.ts';
import { cancel } from '../queue/rules.ts';
import type { Access } from '../store/Access.ts';
import type { Patient } from '../store/entities.ts';
import type { Repos } from '../store/Repos.ts';
import type { StreamsOf } from '../store/streams/index.ts';
import type { Logger } from '../support/logger.ts';
import type { ErasureDoc } from './documents.ts';
import type { Logins } from './Logins.ts';
import { keptUntil, mayErase } from './rules.ts';

export interface ErasureDeps {
  readonly repos: Repos;
  readonly keys: PatientKeys;
  readonly keyring: Keyring;
  readonly queues: StreamsOf<QueueState, QueueEvent>;
  readonly logins: Logins;
  /** What is in memory about this patient is read anew, on every hub. */
  readonly onErased: (patientId: string) => void;
  readonly log: Logger;
  readonly now: () => number;
  readonly retentionMs: number;
}

const againMs = 60_000;
const notFound = (): AppError => new AppError('NOT_FOUND', 'no such patient');

/**
 * Erases patients. The document comes first; the steps after it may each be repeated and are gone through until all are done,
 * by whoever is there: an erasure that was begun is finished.
 */
export class Erasures {
  readonly #deps: ErasureDeps;

  constructor(deps: ErasureDeps) {
    this.#deps = deps;
  }

  async find(access: Access, { code }: InputOf<'erasure.find'>): Promise<OutputOf<'erasure.find'>> {
    const { repos } = this.#deps;
    const parsed = parsePatientCode(code);
    const patient = parsed === null ? null : await repos.patients.one({ code: parsed });
    if (!patient) throw notFound();
    await this.#mine(access, patient);
    const { lastVisitAt, until } = await this.#visits(patient);
    const erased = (await repos.erasures.get(patient._id)) !== null;
    return { patientId: patient._id, code: patient.code, name: patient.name, lastVisitAt, keptUntil: until, erased };
  }

  /** @throws AppError NOT_FOUND, RETAINED, IN_CONSULTATION. Once begun a repeat says how far it is. */
  async erase(access: Access, { patientId, ground }: InputOf<'erasure.erase'>): Promise<ErasureView> {
    const { repos, now } = this.#deps;
    const patient = await repos.patients.get(patientId);
    if (!patient) throw notFound();
    const clinicIds = await this.#mine(access, patient);
    if (!(await repos.erasures.get(patientId))) {
      mayErase((await this.#visits(patient)).until, now(), ground);
      await this.#refuseInConsultation(patientId);
      await repos.erasures.insert(this.#begun(access, patient, clinicIds, ground));
    }
    const doc = await repos.erasures.get(patientId);
    // Nobody removes one.
    if (!doc) throw notFound();
    return viewOf(await this.#carryOut(doc));
  }

  async list(access: Access, { limit }: InputOf<'erasure.list'>): Promise<OutputOf<'erasure.list'>> {
    const own = new Set(await access.clinicIds());
    const found = await this.#deps.repos.erasures.many({}, { sort: { at: -1 }, limit });
    return { erasures: found.filter((doc) => doc.clinicIds.every((id) => own.has(id))).map(viewOf) };
  }

  /**
   * After a restore: who was erased since that backup was made is erased again. Their key is not in the keyring any more, but the archive
   * knew their name.
   */
  async recover(): Promise<number> {
    const { repos, keys, now } = this.#deps;
    let found = 0;
    for await (const subjectId of keys.destroyedSubjects()) {
      const patient = await repos.patients.get(subjectId);
      if (!patient || patient.erasedAt !== undefined || (await repos.erasures.get(subjectId))) continue;
      const { code, guardians } = patient;
      const places = await repos.places.many({ patientId: subjectId });
      const clinicIds = [...new Set(places.map((place) => place.clinicId))];
      const at = now();
      await repos.erasures.insert({
        _id: subjectId,
        code,
        clinicIds,
        accountId: '',
        ground: null,
        guardians,
        at,
        due: at,
      });
      found += 1;
    }
    return found;
  }

  /** Goes on with what was interrupted, or could not be finished then. Returns how many were looked at. */
  async sweep(): Promise<number> {
    const { repos, now } = this.#deps;
    const due = await repos.erasures.many({ due: { $lte: now() } }, { limit: 50 });
    for (const doc of due) await this.#carryOut(doc);
    return due.length;
  }

  #begun(
    access: Access,
    { _id, code, guardians }: Patient,
    clinicIds: readonly string[],
    ground: ErasureGround | undefined,
  ): ErasureDoc {
    const at = this.#deps.now();
    const { accountId } = access;
    return {
      _id,
      code,
      clinicIds: [...clinicIds],
      accountId,
      ground: ground ?? null,
      guardians,
      at,
      due: at + againMs,
    };
  }

  /** Every step, whichever were done before. */
  async #carryOut(doc: ErasureDoc): Promise<ErasureDoc> {
    const { repos, keys, keyring, logins, onErased, now, log } = this.#deps;
    const { _id, code, guardians, at, due: _was, ...rest } = doc;
    await keys.destroy(_id);
    // What lists and headings show of them from now on is the code.
    const tombstone = { name: code, phone: null, birthYear: null, gender: 'unstated', guardians: [], erasedAt: at };
    await repos.patients.update({ _id }, { $set: tombstone });
    for (const { accountId, relation } of guardians) await logins.released(_id, accountId, relation);
    onErased(_id);
    try {
      await this.#endPlaces(_id);
      await keyring.rewrite();
    } catch (error) {
      log.warn({ err: error, patientId: _id }, 'an erasure is not complete yet; trying again');
      const due = now() + againMs;
      await repos.erasures.update({ _id }, { $set: { due } });
      return { ...doc, due };
    }
    await repos.erasures.update({ _id }, { $unset: { due: '' } });
    return { _id, code, guardians, at, ...rest };
  }

  /** @throws AppError WRONG_STATE while a consultation goes on. */
  async #endPlaces(patientId: string): Promise<void> {
    const { repos, queues } = this.#deps;
    for (const place of await repos.places.many({ patientId, active: true })) {
      const command = { key: `erasure:${place._id}`, accountId: patientId, role: 'admin' };
      await queues.command(place.sessionId, command, (state) => cancel(state, place._id));
    }
  }

  async #refuseInConsultation(patientId: string): Promise<void> {
    const { repos, queues } = this.#deps;
    for (const place of await repos.places.many({ patientId, active: true })) {
      const { state } = await queues.load(place.sessionId, Infinity);
      if (state.entries[place._id]?.state === 'in-consultation') {
        throw new AppError('IN_CONSULTATION', 'finish the consultation first');
      }
    }
  }

  /** The clinics the patient has been at; all must be the admin's, since all lose their records. */
  async #mine(access: Access, { _id: patientId }: Patient): Promise<string[]> {
    access.about({ patientId });
    const places = await this.#deps.repos.places.many({ patientId });
    const clinicIds = [...new Set(places.map((place) => place.clinicId))];
    const own = new Set(await access.clinicIds());
    if (!clinicIds.every((clinicId) => own.has(clinicId))) throw notFound();
    return clinicIds;
  }

  async #visits({ _id: patientId, createdAt }: Patient): Promise<{ lastVisitAt: number | null; until: number }> {
    const { repos, retentionMs } = this.#deps;
    const [place, encounter] = await Promise.all([
      repos.places.many({ patientId }, { sort: { createdAt: -1 }, limit: 1 }),
      repos.encounters.many({ patientId }, { sort: { startedAt: -1 }, limit: 1 }),
    ]);
    const times = [place[0]?.createdAt, encounter[0]?.endedAt ?? encounter[0]?.startedAt].filter(
      (at) => at !== undefined,
    );
    const lastVisitAt = times.length > 0 ? Math.max(...times) : null;
    return { lastVisitAt, until: keptUntil(lastVisitAt ?? createdAt, retentionMs) };
  }
}

function viewOf({ _id: patientId, code, at, ground, due }: ErasureDoc): ErasureView {
  return { patientId, code, at, ground, complete: due === undefined };
}
