import type { AccountChange } from '../../shared/state/notices.ts';
import type { Notifier } from '../notify/Notifier.ts';
import { newId } from '../support/ids.ts';
import type { Logger } from '../support/logger.ts';

/** Tells owners what happened to their accounts: whoever did it, they should know. */
export class OwnerNews {
  readonly #deps: { readonly notifier: Notifier; readonly log: Logger };
  readonly #underWay = new Set<Promise<void>>();

  constructor(deps: { readonly notifier: Notifier; readonly log: Logger }) {
    this.#deps = deps;
  }

  /** Never fails what it tells of: that has happened. */
  async tell(accountId: string, change: AccountChange): Promise<void> {
    const changeId = newId();
    const notice = { kind: 'account.changed', change, changeId } as const;
    const work = this.#deps.notifier
      .notify({ accountId, notice, cause: `account:${changeId}` })
      .catch((error: unknown) => this.#deps.log.error({ err: error, change }, 'owner not told'))
      .finally(() => this.#underWay.delete(work));
    this.#underWay.add(work);
    await work;
  }

  /** Waits until everybody is told. */
  async settle(): Promise<void> {
    await Promise.all(this.#underWay);
  }
}
