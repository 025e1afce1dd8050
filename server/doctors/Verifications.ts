import { reasonNeeded } from '../../shared/contract/doctors.ts';
import type { InputOf, OutputOf } from '../../shared/contract/index.ts';
import { AppError } from '../../shared/errors.ts';
import type { Notifier } from '../notify/Notifier.ts';
import type { Access } from '../store/Access.ts';
import type { Doctor } from '../store/entities.ts';
import type { Repos } from '../store/Repos.ts';
import type { Logger } from '../support/logger.ts';
import type { Doctors } from './Doctors.ts';
import { after, plainNumber } from './rules.ts';

export interface VerificationsDeps {
  readonly repos: Repos;
  readonly doctors: Doctors;
  readonly notifier: Notifier;
  /** What the account may do has changed: its live views are checked, here and on other hubs. */
  readonly accessChanged: (accountId: string) => Promise<void>;
  readonly log: Logger;
  readonly now: () => number;
}

/**
 * Admins look at applications. A decision is one conditional change of the doctor's document: of two admins one wins. What follows from it
 * (desks, live views, telling the doctor) is done at once and, after a crash, by the sweep.
 */
export class Verifications {
  readonly #deps: VerificationsDeps;

  constructor(deps: VerificationsDeps) {
    this.#deps = deps;
  }

  async list({ state, limit }: InputOf<'verification.list'>): Promise<OutputOf<'verification.list'>> {
    const found = await this.#deps.repos.doctors.many({ state }, { sort: { submittedAt: 1, _id: 1 }, limit });
    return {
      applications: found.map((one) => ({
        doctorId: one._id,
        name: one.name,
        specialty: one.specialty === '' ? null : one.specialty,
        registrationNumber: one.registrationNumber === '' ? null : one.registrationNumber,
        state: one.state,
        submittedAt: one.submittedAt ?? null,
      })),
    };
  }

  async one(access: Access, doctorId: string): Promise<OutputOf<'verification.one'>> {
    const doctor = await this.#doctor(access, doctorId);
    const { repos, doctors } = this.#deps;
    const [account, sameCouncil] = await Promise.all([
      repos.accounts.get(doctor.accountId),
      repos.doctors.many({ council: doctor.council ?? null, _id: { $ne: doctorId } }, { limit: 10_000 }),
    ]);
    const number = plainNumber(doctor.registrationNumber);
    return {
      application: await doctors.view(doctor),
      accountId: doctor.accountId,
      name: doctor.name,
      email: account?.email ?? '',
      // Until it is decided: the clinics they were invited to.
      clinicIds: doctor.clinicIds.length > 0 ? doctor.clinicIds : (account?.clinicIds ?? []),
      sameRegistration: number !== '' && sameCouncil.some((one) => plainNumber(one.registrationNumber) === number),
    };
  }

  /**
   * @throws AppError CONFLICT when somebody decided meanwhile (`{state}`), WRONG_STATE, NOT_FOUND for a clinic that is not the admin's,
   *   INVALID_INPUT without a reason where the doctor must hear one, or without a clinic on approval.
   */
  async decide(
    access: Access,
    requestId: string,
    input: InputOf<'verification.decide'>,
  ): Promise<OutputOf<'verification.decide'>> {
    const { doctorId, version, decision, reason = null, clinicIds } = input;
    const doctor = await this.#doctor(access, doctorId);
    const { key } = access.command(requestId, 'admin');
    if (doctor.history.some((one) => one.key === key)) return { state: doctor.state, version: doctor.version };
    if (reasonNeeded.includes(decision) && reason === null) throw new AppError('INVALID_INPUT', 'say why');
    const own = await access.clinicIds();
    if (!clinicIds.every((id) => own.includes(id))) throw new AppError('NOT_FOUND', 'no such clinic');
    if (decision === 'approve' && clinicIds.length === 0) throw new AppError('INVALID_INPUT', 'say where they work');
    if (doctor.version !== version) throw decided(doctor);
    const state = after(doctor.state, decision);
    if (!state) throw new AppError('WRONG_STATE', `this doctor is ${doctor.state}`, { state: doctor.state });
    const { repos, now } = this.#deps;
    const history = [...doctor.history, { act: decision, at: now(), reason, by: access.accountId, key }];
    const where = decision === 'approve' ? { clinicIds } : {};
    const done = await repos.doctors.update(
      { _id: doctorId, version, state: doctor.state },
      { $set: { state, history, version: version + 1, untold: true, ...where } },
    );
    if (!done) throw decided(await this.#doctor(access, doctorId));
    await this.#follow(doctorId);
    return { state, version: version + 1 };
  }

  /** Finishes what was decided or handed in and is not told yet; called at once and by a job. */
  async sweep(): Promise<void> {
    for (const { _id } of await this.#deps.repos.doctors.many({ untold: true }, { limit: 100 })) {
      await this.#follow(_id).catch((error: unknown) => {
        this.#deps.log.warn({ err: error, doctorId: _id }, 'a decision was not told; the job goes on');
      });
    }
  }

  async #follow(doctorId: string): Promise<void> {
    const { repos, doctors, notifier, accessChanged } = this.#deps;
    const doctor = await repos.doctors.get(doctorId);
    if (!doctor?.untold) return;
    const { accountId, version } = doctor;
    const last = doctor.history.at(-1);
    const cause = `doctor:${doctorId}:${version}`;
    if (last?.act === 'submit') {
      const admins = await repos.accounts.many({ roles: 'admin', deactivatedAt: { $exists: false } }, { limit: 200 });
      for (const { _id } of admins) {
        await notifier.notify({ accountId: _id, notice: { kind: 'doctor.submitted', doctorId }, cause });
      }
    } else if (last) {
      await repos.accounts.update({ _id: accountId }, { $max: { accessChangedAt: last.at } });
      await doctors.desksFollow(doctorId);
      await accessChanged(accountId);
      await notifier.notify({ accountId, notice: { kind: 'doctor.decided', doctorId, decision: last.act }, cause });
    }
    await repos.doctors.update({ _id: doctorId, version }, { $unset: { untold: '' } });
  }

  async #doctor(access: Access, doctorId: string): Promise<Doctor> {
    const found = await this.#deps.repos.doctors.get(doctorId);
    if (!found) throw new AppError('NOT_FOUND', 'no such doctor');
    access.about({ ofAccountId: found.accountId });
    return found;
  }
}

function decided({ state }: Doctor): AppError {
  return new AppError('CONFLICT', 'it was changed or decided meanwhile', { state });
}
