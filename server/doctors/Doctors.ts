import type { InputOf } from '../../shared/contract/index.ts';
import type { Application } from '../../shared/contract/doctors.ts';
import { AppError } from '../../shared/errors.ts';
import type { Files } from '../files/Files.ts';
import type { Access } from '../store/Access.ts';
import type { Doctor } from '../store/entities.ts';
import type { Repos } from '../store/Repos.ts';
import { derivedId } from '../support/ids.ts';
import { after, isListed, mayEdit, missingOf } from './rules.ts';

export interface DoctorsDeps {
  readonly repos: Repos;
  readonly files: Files;
  /** An open desk of a clinic takes people, or none any more. */
  readonly onDesksChanged: (clinicId: string) => void;
  readonly now: () => number;
}

const mostCertificates = 5;
type Changed = Promise<{ application: Application }>;

/** A doctor's own profile: filled in, shown with papers, handed in. What was verified is not theirs to change. */
export class Doctors {
  readonly #deps: DoctorsDeps;

  constructor(deps: DoctorsDeps) {
    this.#deps = deps;
  }

  async mine(access: Access): Changed {
    return { application: await this.view(await this.#own(access)) };
  }

  /** @throws AppError WRONG_STATE while it is looked at or verified, CONFLICT when it was changed in another window. */
  async save(access: Access, { version, profile }: InputOf<'application.save'>): Changed {
    const { specialty, registrationNumber, ...rest } = profile;
    const set = { ...rest, specialty: specialty ?? '', registrationNumber: registrationNumber ?? '' };
    return await this.#edit(access, version, () => Promise.resolve(set));
  }

  /** @throws AppError also NOT_FOUND for a file that is not one's own, UNSUPPORTED_MEDIA_TYPE. */
  async attach(access: Access, { version, as, fileId }: InputOf<'application.attach'>): Changed {
    return await this.#edit(access, version, async (doctor) => {
      const { photoId, certificateIds } = doctor;
      if (as === 'photo' ? photoId === fileId : certificateIds.includes(fileId)) return {};
      if (as === 'certificate' && certificateIds.length >= mostCertificates) {
        throw new AppError('CONFLICT', `at most ${mostCertificates} papers`);
      }
      const kinds = as === 'photo' ? /^image\// : /^(image\/|application\/pdf$)/;
      await this.#deps.files.keep({ owner: access.accountId, doctorId: doctor._id }, fileId, kinds);
      return as === 'photo' ? { photoId: fileId } : { certificateIds: [...certificateIds, fileId] };
    });
  }

  async detach(access: Access, { version, fileId }: InputOf<'application.detach'>): Changed {
    return await this.#edit(access, version, ({ photoId, certificateIds }) =>
      Promise.resolve({
        certificateIds: certificateIds.filter((one) => one !== fileId),
        photoId: photoId === fileId ? null : photoId,
      }),
    );
  }

  /** @throws AppError WRONG_STATE with `missing` when something is not filled in. */
  async submit(access: Access, requestId: string, version: number): Changed {
    const doctor = await this.#own(access);
    const { key } = access.command(requestId, 'doctor');
    if (doctor.history.some((one) => one.key === key)) return { application: await this.view(doctor) };
    const state = after(doctor.state, 'submit');
    if (!state) throw fixed(doctor);
    const missing = missingOf(doctor);
    if (missing.length > 0) throw new AppError('WRONG_STATE', 'something is missing', { missing });
    const at = this.#deps.now();
    const history = [...doctor.history, { act: 'submit' as const, at, reason: null, by: access.accountId, key }];
    await this.#write(doctor, version, { state, history, submittedAt: at, untold: true });
    return await this.mine(access);
  }

  /** As its doctor and admins see it. */
  async view(doctor: Doctor): Promise<Application> {
    const { files } = this.#deps;
    const described = (id: string) => files.described(id);
    const [photo, certificates] = await Promise.all([
      doctor.photoId == null ? null : described(doctor.photoId),
      Promise.all(doctor.certificateIds.map(described)),
    ]);
    return {
      doctorId: doctor._id,
      state: doctor.state,
      version: doctor.version,
      profile: {
        specialty: doctor.specialty === '' ? null : doctor.specialty,
        qualification: doctor.qualification ?? null,
        registrationNumber: doctor.registrationNumber === '' ? null : doctor.registrationNumber,
        council: doctor.council ?? null,
        registrationYear: doctor.registrationYear ?? null,
        experienceYears: doctor.experienceYears ?? null,
        feePaise: doctor.feePaise ?? null,
        education: doctor.education ?? null,
        affiliation: doctor.affiliation ?? null,
        languages: doctor.languages,
        bio: doctor.bio ?? null,
      },
      documents: { photo, certificates: certificates.filter((one) => one !== null) },
      missing: missingOf(doctor),
      history: doctor.history.map(({ act, at, reason }) => ({ act, at, reason })),
      submittedAt: doctor.submittedAt ?? null,
    };
  }

  /** The account of a doctor changed: where they work, and whether they are there at all. Their desks follow. */
  async scope(accountId: string, { clinicIds, away }: { clinicIds?: readonly string[]; away: boolean }): Promise<void> {
    const { doctors } = this.#deps.repos;
    const doctor = await doctors.one({ accountId });
    if (!doctor) return;
    const where = clinicIds && doctor.state === 'verified' ? { clinicIds: [...clinicIds] } : {};
    const set = { ...where, ...(away ? { away: true } : {}) };
    await doctors.update(
      { _id: doctor._id },
      {
        ...(Object.keys(set).length > 0 ? { $set: set } : {}),
        ...(away ? {} : { $unset: { away: '' } }),
      },
    );
    await this.desksFollow(doctor._id);
  }

  /** Open desks of somebody who is not listed take nobody any more; those of who is listed again do. Safe to repeat. */
  async desksFollow(doctorId: string): Promise<void> {
    const { repos, onDesksChanged } = this.#deps;
    const doctor = await repos.doctors.get(doctorId);
    if (!doctor) return;
    const shut = !isListed(doctor);
    for (const desk of await repos.deskSessions.many({ doctorId, status: 'open' })) {
      await repos.deskSessions.update({ _id: desk._id }, shut ? { $set: { shut: true } } : { $unset: { shut: '' } });
      onDesksChanged(desk.clinicId);
    }
  }

  /** The actor's profile, begun when there is none yet. */
  async #own(access: Access): Promise<Doctor> {
    const { doctors } = this.#deps.repos;
    const { _id: accountId, name } = access.actor.account;
    const found = await doctors.one({ accountId });
    if (found) return found;
    await doctors.insert({
      ...{ _id: derivedId('doctor', accountId), accountId, name, state: 'draft', version: 0 },
      ...{ specialty: '', registrationNumber: '', clinicIds: [], languages: [], certificateIds: [], history: [] },
    });
    const begun = await doctors.one({ accountId });
    if (!begun) throw new AppError('NOT_FOUND', 'no profile');
    return begun;
  }

  async #edit(access: Access, version: number, change: (doctor: Doctor) => Promise<Partial<Doctor>>): Changed {
    const doctor = await this.#own(access);
    if (!mayEdit(doctor.state)) throw fixed(doctor);
    await this.#write(doctor, version, await change(doctor));
    return await this.mine(access);
  }

  /** One window after the other: what came between is told, unless it left exactly this. */
  async #write(doctor: Doctor, version: number, set: Partial<Doctor>): Promise<void> {
    const { doctors } = this.#deps.repos;
    const held = { _id: doctor._id, version, state: doctor.state };
    if (await doctors.update(held, { $set: { ...set, version: version + 1 } })) return;
    const now = new Map<string, unknown>(Object.entries((await doctors.get(doctor._id)) ?? {}));
    const plain = (value: unknown): string => JSON.stringify(value ?? null);
    if (!Object.entries(set).every(([field, value]) => plain(now.get(field)) === plain(value))) {
      throw new AppError('CONFLICT', 'it was changed in another window');
    }
  }
}

function fixed({ state }: Doctor): AppError {
  return new AppError('WRONG_STATE', `this application is ${state}`, { state });
}
