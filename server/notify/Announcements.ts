import type { AnnouncementView } from '../../shared/contract/announcements.ts';
import type { InputOf, OutputOf } from '../../shared/contract/index.ts';
import { AppError } from '../../shared/errors.ts';
import type { Role } from '../../shared/permissions.ts';
import type { Access } from '../store/Access.ts';
import type { Account } from '../store/entities.ts';
import type { Repos } from '../store/Repos.ts';
import type { Logger } from '../support/logger.ts';
import { derivedId } from '../support/ids.ts';
import type { AnnouncementDoc } from './documents.ts';
import type { Notifier } from './Notifier.ts';

export interface AnnouncementsDeps {
  readonly repos: Repos;
  readonly notifier: Notifier;
  readonly log: Logger;
  readonly now: () => number;
}

const perRound = 100;
const leaseMs = 30_000;
/** Older ones are not shown on the page any more. */
const shownMs = 14 * 24 * 3600_000;

const causeOf = (announcementId: string): string => `announcement:${announcementId}`;

/**
 * News from an admin to everyone of some roles. The document names how far the telling has come; whoever tells holds it by a lease, and each
 * account is told once, so that a telling that was interrupted goes on.
 */
export class Announcements {
  readonly #deps: AnnouncementsDeps;
  readonly #working = new Set<Promise<void>>();

  constructor(deps: AnnouncementsDeps) {
    this.#deps = deps;
  }

  async publish(
    access: Access,
    requestId: string,
    { texts, roles, clinicId }: InputOf<'announcements.publish'>,
  ): Promise<OutputOf<'announcements.publish'>> {
    if (clinicId === null && !access.has('admin')) throw new AppError('FORBIDDEN', 'for one of your clinics only');
    if (clinicId !== null && !(await access.clinicIds()).includes(clinicId)) {
      throw new AppError('NOT_FOUND', 'no such clinic');
    }
    const now = this.#deps.now();
    const doc: AnnouncementDoc = {
      _id: derivedId('announcement', access.accountId, requestId),
      texts,
      roles: [...new Set(roles)],
      clinicId,
      publishedBy: access.accountId,
      publishedAt: now,
      withdrawnAt: null,
      telling: { what: 'publish', after: '', due: now },
      told: 0,
    };
    await this.#deps.repos.announcements.insert(doc);
    this.#track(this.tell());
    return { announcementId: doc._id };
  }

  /** It leaves the lists of those who were told. */
  async withdraw(access: Access, announcementId: string): Promise<Record<never, never>> {
    const { repos, now } = this.#deps;
    const found = await repos.announcements.get(announcementId);
    if (!found || !(await this.#mayManage(access, found))) throw new AppError('NOT_FOUND', 'no such announcement');
    await repos.announcements.update(
      { _id: announcementId, withdrawnAt: null },
      { $set: { withdrawnAt: now(), telling: { what: 'withdraw', after: '', due: now() } } },
    );
    this.#track(this.tell());
    return {};
  }

  async list(access: Access, limit: number): Promise<AnnouncementView[]> {
    const own = await access.clinicIds();
    const found = await this.#deps.repos.announcements.many(
      { clinicId: { $in: [...(access.has('admin') ? [null] : []), ...own] } },
      { sort: { publishedAt: -1 }, limit },
    );
    return found.map((doc) => ({ ...viewOf(doc), told: doc.told }));
  }

  /** What stands and is for this person. */
  async mine(access: Access): Promise<AnnouncementView[]> {
    const { account } = access.actor;
    const found = await this.#deps.repos.announcements.many(
      { withdrawnAt: null, publishedAt: { $gt: this.#deps.now() - shownMs }, roles: { $in: account.roles } },
      { sort: { publishedAt: -1 }, limit: 50 },
    );
    const own = await Promise.all(found.map((doc) => this.#isFor(account, doc)));
    return found.filter((_doc, i) => own[i]).map(viewOf);
  }

  /** Tells whoever is still to be told; called at once and by a job. */
  async tell(): Promise<void> {
    for (;;) {
      const now = this.#deps.now();
      const doc = await this.#deps.repos.announcements.one({ 'telling.due': { $lte: now } });
      if (!doc?.telling) return;
      const mine = await this.#deps.repos.announcements.update(
        { _id: doc._id, 'telling.due': doc.telling.due, 'telling.what': doc.telling.what },
        { $set: { 'telling.due': now + leaseMs } },
      );
      if (mine) await this.#tellSome(doc, doc.telling, now + leaseMs);
    }
  }

  async settle(): Promise<void> {
    while (this.#working.size > 0) await Promise.allSettled(this.#working);
  }

  async #tellSome(doc: AnnouncementDoc, telling: NonNullable<AnnouncementDoc['telling']>, due: number): Promise<void> {
    const { repos, notifier, now } = this.#deps;
    const next = await repos.accounts.many(
      { _id: { $gt: telling.after }, roles: { $in: doc.roles } },
      { sort: { _id: 1 }, limit: perRound },
    );
    let told = 0;
    for (const account of next) {
      if (!(await this.#isFor(account, doc))) continue;
      const [accountId, cause] = [account._id, causeOf(doc._id)];
      if (telling.what === 'withdraw') await notifier.takeBack(accountId, cause);
      else await notifier.notify({ accountId, cause, notice: { kind: 'announcement', announcementId: doc._id } });
      told += 1;
    }
    const after = next.at(-1)?._id ?? telling.after;
    const over = next.length < perRound;
    const held = { _id: doc._id, 'telling.due': due, 'telling.what': telling.what };
    await repos.announcements.update(held, {
      $set: {
        ...(telling.what === 'publish' ? { told: doc.told + told } : {}),
        ...(over ? {} : { telling: { what: telling.what, after, due: now() } }),
      },
      ...(over ? { $unset: { telling: '' } } : {}),
    });
  }

  /** Staff and admins by their clinics, doctors by theirs, patients when somebody they act for has been there. */
  async #isFor(account: Account, { roles, clinicId }: AnnouncementDoc): Promise<boolean> {
    const held = account.roles.filter((role: Role) => roles.includes(role));
    if (held.length === 0) return false;
    if (clinicId === null) return true;
    const { repos } = this.#deps;
    if (held.some((role) => role === 'staff' || role === 'admin') && account.clinicIds.includes(clinicId)) return true;
    if (held.includes('doctor')) {
      const doctor = await repos.doctors.one({ accountId: account._id });
      if (doctor?.clinicIds.includes(clinicId) === true) return true;
    }
    if (!held.includes('patient')) return false;
    const patients = await repos.patients.many({ 'guardians.accountId': account._id });
    const ids = patients.map((patient) => patient._id);
    return ids.length > 0 && (await repos.places.one({ patientId: { $in: ids }, clinicId })) !== null;
  }

  async #mayManage(access: Access, { clinicId }: AnnouncementDoc): Promise<boolean> {
    return clinicId === null ? access.has('admin') : (await access.clinicIds()).includes(clinicId);
  }

  #track(work: Promise<void>): void {
    const tracked = work
      .catch((error: unknown) => this.#deps.log.warn({ err: error }, 'announcement not told; the job goes on'))
      .finally(() => this.#working.delete(tracked));
    this.#working.add(tracked);
  }
}

function viewOf({ _id: id, texts, roles, clinicId, publishedAt, withdrawnAt }: AnnouncementDoc): AnnouncementView {
  return { id, texts, roles, clinicId, publishedAt, withdrawnAt };
}
