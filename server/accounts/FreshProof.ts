import { AppError } from '../../shared/errors.ts';
import { actorOf, type CallContext } from '../hub/context.ts';
import type { Access } from '../store/Access.ts';
import type { Entrance } from './Entrance.ts';
import { passwordFits } from './password.ts';
import type { SecondFactors } from './SecondFactors.ts';

/** Before something that cannot be taken lightly: shows anew that it is really them, by a code where there is a second factor, else by password. */
export class FreshProof {
  readonly #factors: SecondFactors;
  readonly #entrance: Entrance;

  constructor(factors: SecondFactors, entrance: Entrance) {
    [this.#factors, this.#entrance] = [factors, entrance];
  }

  /**
   * Who asks, once it is proved. Tries are slowed as those to sign in are.
   * @throws AppError WRONG_CODE or BAD_CREDENTIALS, RATE_LIMITED.
   */
  async of(context: CallContext, { proof }: { readonly proof: string }): Promise<Access> {
    const access = actorOf(context);
    await this.#entrance.confirm(context, access, () => this.#check(access, proof));
    return access;
  }

  async #check({ actor: { account } }: Access, proof: string): Promise<void> {
    if (await this.#factors.of(account._id)) await this.#factors.check(account._id, proof);
    else if (!(await passwordFits(account, proof))) throw new AppError('BAD_CREDENTIALS', 'wrong password');
  }
}
