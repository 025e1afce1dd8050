import type { InputOf, OutputOf } from '../../shared/contract/index.ts';
import type { Person } from '../../shared/contract/people.ts';
import { AppError } from '../../shared/errors.ts';
import type { AuthSessions } from '../accounts/AuthSessions.ts';
import type { SecondFactors } from '../accounts/SecondFactors.ts';
import { unusedAccount, type SignUps } from '../accounts/SignUps.ts';
import type { Doctors } from '../doctors/Doctors.ts';
import type { Access } from '../store/Access.ts';
import type { Account } from '../store/entities.ts';
import type { Repos } from '../store/Repos.ts';
import { derivedId } from '../support/ids.ts';
import { accountStateOf, searchPattern, trusted } from './rules.ts';

export interface PeopleDeps {
  readonly repos: Repos;
  readonly sessions: AuthSessions;
  readonly factors: SecondFactors;
  readonly signUps: SignUps;
  readonly doctors: Doctors;
  /** Ends the account's sign-ins and cuts their sockets. */
  readonly endAll: (accountId: string) => Promise<unknown>;
  /** What the account may do has changed: its live views are checked, here and on other hubs. */
  readonly accessChanged: (accountId: string) => Promise<void>;
  readonly now: () => number;
}

/** How long an admin who changes others counts as one who stays, ms. */
const actingMs = 30_000;
/** So many pages of people who are not this admin's are passed over for one page. */
const mostLooks = 20;
type Empty = Record<never, never>;

/**
 * Whose account it is and what they are trusted with. There is always an admin left: nobody can take it from themselves, and while one
 * changes another they mark themselves as staying, so that two cannot remove each other at once. Where an input has a `proof`, it was checked
 * before.
 */
export class People {
  readonly #deps: PeopleDeps;

  constructor(deps: PeopleDeps) {
    this.#deps = deps;
  }

  async list(access: Access, input: InputOf<'people.list'>): Promise<OutputOf<'people.list'>> {
    const { search, role, state, after, limit } = input;
    const { accounts } = this.#deps.repos;
    const conditions: Record<string, unknown>[] = [
      ...(role === undefined ? [] : [{ roles: role }]),
      ...(state === undefined ? [] : [stateFilter[state]]),
      ...(search === '' ? [] : [{ $or: await this.#matches(search) }]),
    ];
    const page: Account[] = [];
    let last = after === undefined ? null : await accounts.get(after);
    for (let looks = 0; looks < mostLooks; looks++) {
      const beyond = last ? [{ $or: [{ name: { $gt: last.name } }, { name: last.name, _id: { $gt: last._id } }] }] : [];
      const all = [...conditions, ...beyond];
      const found = await accounts.many(all.length === 0 ? {} : { $and: all }, {
        sort: { name: 1, _id: 1 },
        limit: limit + 1,
      });
      const known = await Promise.all(found.map((one) => this.#concerns(access, one)));
      page.push(...found.filter((_one, i) => known[i]));
      last = found.at(-1) ?? last;
      if (found.length <= limit || page.length > limit) break;
    }
    const shown = page.slice(0, limit);
    const next = page.length > limit ? shown.at(-1)?._id : undefined;
    return { people: await this.#views(shown), next: next ?? null };
  }

  async one(access: Access, accountId: string): Promise<OutputOf<'people.one'>> {
    const account = await this.#account(access, accountId);
    const { sessions, factors } = this.#deps;
    const [[view], live, factor] = await Promise.all([
      this.#views([account]),
      sessions.liveOf(accountId),
      factors.of(accountId),
    ]);
    if (!view) throw notFound();
    const signIns = live.map(({ _id: id, device, createdAt, rotation }) => ({
      ...{ id, device, createdAt, lastUsedAt: rotation.rotatedAt },
    }));
    return { person: view, seen: account.accessChangedAt, secondFactor: factor !== null, signIns };
  }

  /** The account's id derives from the request: a repeat invites nobody else. @throws AppError EMAIL_TAKEN, NOT_FOUND for a clinic. */
  async invite(access: Access, requestId: string, input: InputOf<'people.invite'>): Promise<OutputOf<'people.invite'>> {
    const { repos, signUps, now } = this.#deps;
    const { name, email, proof: _shown, ...wanted } = input;
    const accountId = derivedId('invited', access.accountId, requestId);
    const before = await repos.accounts.get(accountId);
    if (before) return { accountId };
    const account = unusedAccount({ name, email, roles: [] }, now());
    const trust = trusted(access.actor.account, { ...account, _id: accountId }, wanted);
    if (typeof trust === 'string') throw new AppError(trust, 'this cannot be given');
    const invited = { ...account, _id: accountId, ...trust };
    if (!(await repos.accounts.insert(invited)))
      throw new AppError('EMAIL_TAKEN', 'there is an account with this address');
    await signUps.invite(invited, false);
    return { accountId };
  }

  /** @throws AppError WRONG_STATE when they have come in already. */
  async reinvite(access: Access, accountId: string): Promise<Empty> {
    const account = await this.#account(access, accountId);
    if (accountStateOf(account) !== 'invited') throw new AppError('WRONG_STATE', 'nothing to invite to');
    await this.#deps.signUps.invite(account, true);
    return {};
  }

  /** @throws AppError CONFLICT when somebody changed it meanwhile; OWN_ACCOUNT, NOT_FOUND, INVALID_INPUT. */
  async change(access: Access, input: InputOf<'people.change'>): Promise<OutputOf<'people.change'>> {
    const { accountId, seen, proof: _shown, ...wanted } = input;
    const target = await this.#account(access, accountId);
    const trust = trusted(access.actor.account, target, wanted);
    if (typeof trust === 'string') throw new AppError(trust, 'this cannot be given or taken');
    if (target.accessChangedAt !== seen) {
      // The same change asked for again has been made already.
      if (same(target, trust)) return { seen: target.accessChangedAt };
      throw new AppError('CONFLICT', 'somebody changed it meanwhile');
    }
    const at = Math.max(this.#deps.now(), seen + 1);
    await this.#staying(access, async (free) => {
      const condition = { _id: accountId, accessChangedAt: seen, ...(access.accountId === accountId ? {} : free) };
      const done = await this.#deps.repos.accounts.update(condition, { $set: { ...trust, accessChangedAt: at } });
      if (!done) throw new AppError('CONFLICT', 'somebody changed it meanwhile');
    });
    await this.#deps.doctors.scope(accountId, {
      clinicIds: trust.clinicIds,
      away: !trust.roles.includes('doctor') || target.deactivatedAt !== undefined,
    });
    await this.#deps.accessChanged(accountId);
    return { seen: at };
  }

  /** @throws AppError OWN_ACCOUNT; CONFLICT when they are changing somebody at this moment. */
  async deactivate(access: Access, accountId: string): Promise<Empty> {
    const { repos, now } = this.#deps;
    const target = await this.#account(access, accountId);
    if (accountId === access.accountId) throw new AppError('OWN_ACCOUNT', 'not one’s own');
    if (target.deactivatedAt === undefined) {
      await this.#staying(access, async (free) => {
        const set = { deactivatedAt: now(), accessChangedAt: Math.max(now(), target.accessChangedAt + 1) };
        const done = await repos.accounts.update({ _id: accountId, ...free }, { $set: set });
        if (!done) throw new AppError('CONFLICT', 'they are changing somebody at this moment');
      });
    }
    // Also for a repeat: what was begun may have been cut off.
    await this.#deps.doctors.scope(accountId, { away: true });
    await this.#deps.endAll(accountId);
    await this.#deps.accessChanged(accountId);
    return {};
  }

  async reactivate(access: Access, accountId: string): Promise<Empty> {
    const { repos, now } = this.#deps;
    const target = await this.#account(access, accountId);
    const accessChangedAt = Math.max(now(), target.accessChangedAt + 1);
    await repos.accounts.update(
      { _id: accountId, deactivatedAt: { $exists: true } },
      { $set: { accessChangedAt }, $unset: { deactivatedAt: '' } },
    );
    await this.#deps.doctors.scope(accountId, { away: !target.roles.includes('doctor') });
    return {};
  }

  /** Marks the acting admin as one who stays while `act` runs; `free` is what the other must fulfil: not to be marked likewise. */
  async #staying(access: Access, act: (free: Record<string, unknown>) => Promise<void>): Promise<void> {
    const { repos, now } = this.#deps;
    const me = { _id: access.accountId, roles: 'admin', deactivatedAt: { $exists: false } };
    const until = now() + actingMs;
    if (!(await repos.accounts.update(me, { $set: { actingUntil: until } })))
      throw new AppError('FORBIDDEN', 'no admin any more');
    try {
      await act({ $or: [{ actingUntil: { $exists: false } }, { actingUntil: { $lt: now() } }] });
    } finally {
      await repos.accounts.update({ _id: access.accountId, actingUntil: until }, { $unset: { actingUntil: '' } });
    }
  }

  async #account(access: Access, accountId: string): Promise<Account> {
    const found = await this.#deps.repos.accounts.get(accountId);
    if (!found || !(await this.#concerns(access, found))) throw notFound();
    access.about({ ofAccountId: accountId });
    return found;
  }

  /** Patients are for the admins of clinics they have been to; who has been to none yet, and whoever works anywhere, for all. */
  async #concerns(access: Access, { _id, roles }: Account): Promise<boolean> {
    if (roles.some((role) => role !== 'patient')) return true;
    const { repos } = this.#deps;
    const patients = await repos.patients.many({ 'guardians.accountId': _id });
    const been = { patientId: { $in: patients.map((one) => one._id) } };
    if (patients.length === 0 || (await repos.places.one(been)) === null) return true;
    return (await repos.places.one({ ...been, clinicId: { $in: [...(await access.clinicIds())] } })) !== null;
  }

  /** Where the words stand: in the name, the address, or the digits of a proved phone. */
  async #matches(search: string): Promise<Record<string, unknown>[]> {
    const text = { $regex: searchPattern(search), $options: 'i' };
    const digits = search.replace(/\D/g, '');
    if (digits.length < 4 || /[^\d\s+()-]/.test(search)) return [{ name: text }, { email: text }];
    const phones = await this.#deps.repos.notifySettings.many({ 'phone.number': { $regex: digits } }, { limit: 100 });
    return [{ email: text }, { phone: { $regex: digits } }, { _id: { $in: phones.map((one) => one._id) } }];
  }

  async #views(accounts: readonly Account[]): Promise<Person[]> {
    const ids = accounts.map((one) => one._id);
    if (ids.length === 0) return [];
    const { repos, sessions } = this.#deps;
    const [doctors, settings, seen] = await Promise.all([
      repos.doctors.many({ accountId: { $in: ids } }),
      repos.notifySettings.many({ _id: { $in: ids } }),
      sessions.lastSeen(ids),
    ]);
    return accounts.map((account) => {
      const doctor = doctors.find((one) => one.accountId === account._id);
      const phone = settings.find((one) => one._id === account._id)?.phone;
      const { _id: id, name, email, roles, permissionSets, clinicIds, createdAt } = account;
      return {
        ...{ id, name, email: email ?? null, roles, permissionSets, createdAt },
        clinicIds: [...new Set([...clinicIds, ...(doctor?.clinicIds ?? [])])],
        phone: account.phone ?? (phone?.verifiedAt != null ? phone.number : null),
        state: accountStateOf(account),
        doctor: doctor ? { id: doctor._id, state: doctor.state } : null,
        lastSeenAt: seen.get(id) ?? null,
      };
    });
  }
}

const stateFilter = {
  inactive: { deactivatedAt: { $exists: true } },
  invited: { deactivatedAt: { $exists: false }, invitedAt: { $exists: true } },
  active: { deactivatedAt: { $exists: false }, invitedAt: { $exists: false } },
} as const;

function same(
  { roles, permissionSets, clinicIds }: Account,
  wanted: { roles: readonly string[]; permissionSets: readonly string[]; clinicIds: readonly string[] },
): boolean {
  const key = (values: readonly string[]): string => [...values].sort().join();
  return (
    key(roles) === key(wanted.roles) &&
    key(permissionSets) === key(wanted.permissionSets) &&
    key(clinicIds) === key(wanted.clinicIds)
  );
}

function notFound(): AppError {
  return new AppError('NOT_FOUND', 'no such account');
}
