import type { OutputOf } from '../../shared/contract/index.ts';
import { AppError } from '../../shared/errors.ts';
import type { Access } from '../store/Access.ts';
import type { Account } from '../store/entities.ts';
import type { Repos } from '../store/Repos.ts';
import type { OwnerNews } from './OwnerNews.ts';
import type { SecondFactors } from './SecondFactors.ts';

export interface HelpdeskDeps {
  readonly repos: Repos;
  readonly factors: SecondFactors;
  readonly owners: OwnerNews;
  readonly endAll: (accountId: string) => Promise<number>;
  /** What the account may do has changed: its sockets, on every hub. */
  readonly accessChanged: (accountId: string) => Promise<void>;
  readonly now: () => number;
}

/** What an admin does for somebody who lost a phone or fears for an account; told to its owner each time. */
export class Helpdesk {
  readonly #deps: HelpdeskDeps;

  constructor(deps: HelpdeskDeps) {
    this.#deps = deps;
  }

  /** @throws AppError NOT_FOUND; WRONG_STATE when there is none, or when it is the admin's own: that needs a code of it. */
  async removeFactorOf(access: Access, accountId: string): Promise<OutputOf<'auth.removeFactorOf'>> {
    const { factors, endAll, owners, accessChanged } = this.#deps;
    const account = await this.#accountOf(access, accountId);
    if (account._id === access.accountId) throw new AppError('WRONG_STATE', 'your own you turn off yourself');
    if (!(await factors.drop(account._id))) throw new AppError('WRONG_STATE', 'there is no second factor');
    const ended = await endAll(account._id);
    await accessChanged(account._id);
    await owners.tell(account._id, 'factorRemoved');
    return { ended };
  }

  /** @throws AppError NOT_FOUND. */
  async endSessionsOf(access: Access, accountId: string): Promise<OutputOf<'auth.endSessionsOf'>> {
    const account = await this.#accountOf(access, accountId);
    const ended = await this.#deps.endAll(account._id);
    await this.#deps.accessChanged(account._id);
    await this.#deps.owners.tell(account._id, 'signedOut');
    return { ended };
  }

  async #accountOf(access: Access, accountId: string): Promise<Account> {
    const account = await this.#deps.repos.accounts.get(accountId);
    if (!account) throw new AppError('NOT_FOUND', 'no such account');
    access.about({ ofAccountId: account._id });
    return account;
  }
}
