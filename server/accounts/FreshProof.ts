import { AppError } from '../../shared/errors.ts';
import type { Access } from '../store/Access.ts';
import { passwordFits } from './password.ts';
import type { SecondFactors } from './SecondFactors.ts';

/** Before something that cannot be taken lightly: shows anew that it is really them, by a code where there is a second factor, else by password. */
export class FreshProof {
  readonly #factors: SecondFactors;

  constructor(factors: SecondFactors) {
    this.#factors = factors;
  }

  /** @throws AppError WRONG_CODE or BAD_CREDENTIALS, RATE_LIMITED. */
  async check(access: Access, proof: string): Promise<void> {
    const { account } = access.actor;
    if (await this.#factors.of(account._id)) await this.#factors.check(account._id, proof);
    else if (!(await passwordFits(account, proof))) throw new AppError('BAD_CREDENTIALS', 'wrong password');
  }
}
