import type { Collection, Db } from 'mongodb';
import { z } from 'zod';
import type { AuditView } from '../../shared/contract/audit.ts';
import type { InputOf, OutputOf } from '../../shared/contract/index.ts';
import type { Access } from '../store/Access.ts';
import type { Account, Patient } from '../store/entities.ts';
import type { Doc } from '../store/mongo.ts';
import type { Repos } from '../store/Repos.ts';

const stored = z.object({
  _id: z.string(),
  at: z.number(),
  accountId: z.string(),
  sid: z.string().optional(),
  role: z.string().optional(),
  action: z.string(),
  phase: z.string(),
  code: z.string().optional(),
  patientId: z.string().optional(),
  entryId: z.string().optional(),
  sessionId: z.string().optional(),
  threadId: z.string().optional(),
  ofAccountId: z.string().optional(),
  resource: z.string().optional(),
  resourceId: z.string().optional(),
  traceId: z.string().default(''),
});
type Stored = z.infer<typeof stored>;
type Filters = InputOf<'audit.search'>;

/** The audit log as an admin asks it. */
export class AuditSearch {
  readonly #audit: Collection<Doc>;
  readonly #repos: Repos;

  constructor({ db, repos }: { db: Db; repos: Repos }) {
    this.#audit = db.collection<Doc>('audit');
    this.#repos = repos;
  }

  async search(access: Access, asked: Filters): Promise<OutputOf<'audit.search'>> {
    const patientId = asked.patientId ?? (await this.#patientOf(access, asked.patientCode));
    const actorId = asked.actorId ?? (await this.#actorOf(access, asked.actorEmail));
    access.about({ patientId, ofAccountId: actorId });
    const found = await this.#audit
      .find({ $and: await this.#conditions(asked, patientId, actorId) })
      .sort({ at: -1, _id: -1 })
      .limit(asked.limit + 1)
      .toArray();
    const page = found.slice(0, asked.limit).map((doc) => stored.parse(doc));
    const last = page.at(-1);
    return {
      records: await this.#named(access, page),
      next: found.length > asked.limit && last ? { at: last.at, id: last._id } : null,
    };
  }

  async #conditions(asked: Filters, patientId: string | undefined, actorId: string | undefined) {
    const { operation, outcome, from = 0, to = Number.MAX_SAFE_INTEGER, cursor } = asked;
    const conditions: Record<string, unknown>[] = [{ at: { $gte: from, $lte: to } }];
    if (patientId !== undefined) {
      // Whoever watched a queue was sent everybody who stood in it.
      const places = await this.#repos.places.many({ patientId }, { sort: { createdAt: -1 }, limit: 500 });
      const desks = [...new Set(places.map(({ sessionId }) => sessionId))];
      const watched = { sessionId: { $in: desks }, phase: { $in: ['subscribed', 'unsubscribed'] } };
      conditions.push(desks.length === 0 ? { patientId } : { $or: [{ patientId }, watched] });
    }
    if (actorId !== undefined) conditions.push({ accountId: actorId });
    if (operation !== undefined && operation !== '') conditions.push({ action: operation });
    if (outcome === 'refused') conditions.push({ code: { $exists: true, $ne: 'OK' } });
    else if (outcome !== undefined) conditions.push({ code: outcome });
    if (cursor) conditions.push({ $or: [{ at: { $lt: cursor.at } }, { at: cursor.at, _id: { $lt: cursor.id } }] });
    return conditions;
  }

  /** Nobody, when there is none of this code that the admin may know. */
  async #patientOf(access: Access, code: string | undefined): Promise<string | undefined> {
    if (code === undefined) return undefined;
    const id = (await this.#repos.patients.one({ code }))?._id;
    return id !== undefined && (await this.#known(access, [id])).has(id) ? id : 'nobody';
  }

  async #actorOf(access: Access, email: string | undefined): Promise<string | undefined> {
    if (email === undefined) return undefined;
    const account = await this.#repos.accounts.one({ email });
    return account && (await this.#knownAccounts(access, [account])).length > 0 ? account._id : 'nobody';
  }

  /** Whoever works anywhere, and of patients' accounts those that act for one the admin may know, or for none. */
  async #knownAccounts(access: Access, accounts: readonly Account[]): Promise<Account[]> {
    const own = accounts.filter(({ roles }) => roles.every((role) => role === 'patient')).map(({ _id }) => _id);
    const patients = own.length === 0 ? [] : await this.#repos.patients.many({ 'guardians.accountId': { $in: own } });
    const ids = patients.map(({ _id }) => _id);
    const known = await this.#known(access, ids);
    const guardians = (all: readonly Patient[]) =>
      new Set(all.flatMap((one) => one.guardians.map((it) => it.accountId)));
    const [anybodys, allowed] = [guardians(patients), guardians(patients.filter(({ _id }) => known.has(_id)))];
    return accounts.filter(({ _id }) => !own.includes(_id) || !anybodys.has(_id) || allowed.has(_id));
  }

  /** Patients by name are for the admins of clinics they have been to; who has been to none yet, for all. */
  async #known(access: Access, patientIds: readonly string[]): Promise<ReadonlySet<string>> {
    const clinics = new Set(access.actor.account.clinicIds);
    const places = await this.#repos.places.many({ patientId: { $in: [...patientIds] } });
    const elsewhere = new Set(places.map(({ patientId }) => patientId));
    for (const { patientId, clinicId } of places) if (clinics.has(clinicId)) elsewhere.delete(patientId);
    return new Set(patientIds.filter((id) => !elsewhere.has(id)));
  }

  async #named(access: Access, page: readonly Stored[]): Promise<AuditView[]> {
    const some = (ids: (string | undefined)[]) => ({
      _id: { $in: [...new Set(ids.filter((id) => id !== undefined))] },
    });
    const [accounts, patients] = await Promise.all([
      this.#repos.accounts.many(some(page.map(({ accountId }) => accountId))),
      this.#repos.patients.many(some(page.map(({ patientId }) => patientId))),
    ]);
    const names = new Map((await this.#knownAccounts(access, accounts)).map(({ _id, name }) => [_id, name]));
    const ids = patients.map(({ _id }) => _id);
    const known = await this.#known(access, ids);
    const people = new Map(patients.filter(({ _id }) => known.has(_id)).map((one) => [one._id, one]));
    return page.map((one) => ({
      ...{ id: one._id, at: one.at, operation: one.action, phase: one.phase, outcome: one.code ?? null },
      actor: {
        ...{ id: one.accountId, name: names.get(one.accountId) ?? null },
        ...{ role: one.role ?? '', signInId: one.sid ?? null },
      },
      patient:
        one.patientId === undefined
          ? null
          : {
              id: one.patientId,
              code: people.get(one.patientId)?.code ?? null,
              name: people.get(one.patientId)?.name ?? null,
            },
      resource: resourceOf(one),
      traceId: one.traceId,
    }));
  }
}

/** What a record is about beside the patient: the most particular thing it names. */
function resourceOf(one: Stored): AuditView['resource'] {
  if (one.resource !== undefined) return { kind: one.resource, id: one.resourceId ?? null };
  const named = [
    ['thread', one.threadId],
    ['entry', one.entryId],
    ['desk', one.sessionId],
    ['account', one.ofAccountId],
  ] as const;
  const found = named.find(([, id]) => id !== undefined);
  return found ? { kind: found[0], id: found[1] ?? null } : null;
}
