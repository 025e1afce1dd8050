import type { ThreadKind } from '../../shared/contract/chat.ts';
import { AppError } from '../../shared/errors.ts';
import type { ThreadSide } from '../../shared/state/chat.ts';
import type { Access } from './Access.ts';
import type { ThreadDoc } from './entities.ts';
import type { Repos } from './Repos.ts';
import { deskKinds, findThread, staffThread, threadOfPlace, threadsOfAccount } from './threads.ts';

const notFound = (): AppError => new AppError('NOT_FOUND', 'no such thread');

/** Chat threads as one actor may see them: one's own, NOT_FOUND for all others. */
export class ThreadAccess {
  readonly #access: Access;
  readonly #repos: Repos;

  constructor(access: Access, repos: Repos) {
    this.#access = access;
    this.#repos = repos;
  }

  /** A thread the actor is in, and the side they speak for. */
  async one(threadId: string): Promise<{ thread: ThreadDoc; side: ThreadSide }> {
    const thread = (await findThread(this.#repos, threadId)) ?? (await this.#channel(threadId));
    if (!thread) throw notFound();
    return { thread, side: await this.#sideIn(thread) };
  }

  /** The thread of an entry or a clinic, for one of its people; made when it is not there yet. */
  async open(kind: ThreadKind, entryId: string | undefined, clinicId: string | undefined): Promise<ThreadDoc> {
    const wanted = await this.#referred(kind, entryId, clinicId);
    if (!wanted) throw notFound();
    await this.#sideIn(wanted);
    if (!(await this.#repos.threads.get(wanted._id))) await this.#repos.threads.insert(wanted);
    return wanted;
  }

  /** The actor's threads that hold messages, newest first. */
  async mine(page: { before?: number | undefined; limit: number }): Promise<ThreadDoc[]> {
    const { actor } = this.#access;
    return await threadsOfAccount(this.#repos, actor.account, await this.#access.doctorProfile(), page);
  }

  /** The staff channel of one of the actor's clinics, in which nobody wrote yet. */
  async #channel(threadId: string): Promise<ThreadDoc | undefined> {
    return (await this.#access.clinicIds()).map(staffThread).find((channel) => channel._id === threadId);
  }

  async #referred(
    kind: ThreadKind,
    entryId: string | undefined,
    clinicId: string | undefined,
  ): Promise<ThreadDoc | null> {
    if (kind === 'staff') return clinicId === undefined ? null : staffThread(clinicId);
    const place = entryId === undefined ? null : await this.#repos.places.get(entryId);
    return place && threadOfPlace(kind, place);
  }

  /** For whom the actor speaks in a thread; null when they are not in it. */
  async side({ kind, clinicId, doctorId, patientId }: ThreadDoc): Promise<ThreadSide | null> {
    const access = this.#access;
    const doctor = await access.doctorProfile();
    if (doctor && (kind === 'staff' ? doctor.clinicIds.includes(clinicId) : doctor._id === doctorId)) return 'doctor';
    const { account } = access.actor;
    if (account.clinicIds.includes(clinicId) && deskKinds(account).some((one) => one === kind)) return 'staff';
    const patient = patientId === undefined ? null : await this.#repos.patients.get(patientId);
    return patient && access.actsFor(patient) ? 'patient' : null;
  }

  async #sideIn(thread: ThreadDoc): Promise<ThreadSide> {
    const { _id: threadId, patientId, entryId } = thread;
    this.#access.about({ threadId, patientId, entryId });
    const side = await this.side(thread);
    if (!side) throw notFound();
    return side;
  }
}
