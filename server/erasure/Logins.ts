import type { News } from '../hub/news.ts';
import type { PatientKeys } from '../keys/PatientKeys.ts';
import type { Account } from '../store/entities.ts';
import type { Repos } from '../store/Repos.ts';

export interface LoginsDeps {
  readonly repos: Repos;
  readonly keys: PatientKeys;
  readonly news: News;
  readonly endAll: (accountId: string) => Promise<number>;
  /** Its sockets on this hub are checked at once. */
  readonly accessChanged: (accountId: string) => Promise<void>;
  readonly now: () => number;
}

/** The accounts that acted for somebody who was erased. */
export class Logins {
  readonly #deps: LoginsDeps;

  constructor(deps: LoginsDeps) {
    this.#deps = deps;
  }

  /** The account acts for one patient less; the patient's own, when it is of no other use, is erased as well. */
  async released(patientId: string, accountId: string, relation: string): Promise<void> {
    const { repos, news, accessChanged, now } = this.#deps;
    const account = await repos.accounts.get(accountId);
    if (!account) return;
    const others = await repos.patients.one({ 'guardians.accountId': accountId, _id: { $ne: patientId } });
    const only = relation === 'self' && !others && account.roles.every((role) => role === 'patient');
    if (only) await this.#erase(account);
    await repos.accounts.update({ _id: accountId }, { $set: { accessChangedAt: now() } });
    news.tell('access', { accountId });
    await accessChanged(accountId);
  }

  /** Name, address, number and every way in; the id stays, since messages and events name it. */
  async #erase({ _id }: Account): Promise<void> {
    const { repos, keys, endAll } = this.#deps;
    await repos.accounts.update(
      { _id },
      { $set: { name: '', passwordHash: '' }, $unset: { email: '', emailVerifiedAt: '', phone: '' } },
    );
    await keys.destroy(_id);
    await repos.secondFactors.remove({ _id });
    await repos.notifySettings.remove({ _id });
    for (const device of await repos.pushDevices.many({ accountId: _id }))
      await repos.pushDevices.remove({ _id: device._id });
    for (const one of await repos.challenges.many({ accountId: _id })) await repos.challenges.remove({ _id: one._id });
    await endAll(_id);
  }
}
