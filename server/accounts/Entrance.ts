import type { SignedIn } from '../../shared/contract/accounts.ts';
import { cookiesOf, type CallContext } from '../hub/context.ts';
import type { RateLimits } from '../hub/rateLimits.ts';
import type { Account } from '../store/entities.ts';
import type { Access } from '../store/Access.ts';
import { signInCounters } from './delayRules.ts';
import type { DeviceBook } from './DeviceBook.ts';
import type { HalfSignedIn, SignInResult } from './service.ts';
import type { Tries } from './Tries.ts';

export interface EntranceDeps {
  readonly rateLimits: RateLimits;
  readonly tries: Tries;
  readonly devices: DeviceBook;
  /** Somebody signed in on a browser that did not know the account. */
  readonly onNewDevice: (result: SignInResult) => void;
}

/** What every way in has in common: tries are slowed, and who gets in leaves their cookies. */
export class Entrance {
  readonly #deps: EntranceDeps;

  constructor(deps: EntranceDeps) {
    this.#deps = deps;
  }

  /** The id of a browser on which `who` (an address, a number) signed in before. */
  knownDevice(context: CallContext, who: string): string | null {
    return this.#deps.devices.knows(context.cookies?.deviceToken, who);
  }

  /** One try to get in as `who`, in whatever way. @throws AppError RATE_LIMITED, and what `work` throws. */
  async attempt<T>(context: CallContext, who: string, work: () => Promise<T>): Promise<T> {
    const device = this.knownDevice(context, who);
    // Who shares an address with a stranger is not held up by them, once known.
    await this.#deps.rateLimits.signIn(device === null ? context.address : `device ${device}`, who);
    return await this.#deps.tries.attempt(signInCounters(who, context.address, device), work);
  }

  /** One try to give one's password while signed in: whoever sits there has tries of their own. */
  async confirm<T>(context: CallContext, { accountId, actor }: Access, work: () => Promise<T>): Promise<T> {
    await this.#deps.rateLimits.signIn(`session ${actor.sid}`, accountId);
    return await this.#deps.tries.attempt(signInCounters(accountId, context.address, actor.sid), work);
  }

  /** Hands out what a sign-in gave: the reply, and the cookies beside it. */
  admit(context: CallContext, result: SignInResult): SignedIn;
  admit(context: CallContext, result: SignInResult | HalfSignedIn): SignInResult['reply'] | HalfSignedIn['reply'];
  admit(context: CallContext, result: SignInResult | HalfSignedIn): SignInResult['reply'] | HalfSignedIn['reply'] {
    if (result.refreshToken === null) return result.reply;
    const cookies = cookiesOf(context);
    const names = namesOf(result.account);
    const known = names.some((name) => this.#deps.devices.knows(cookies.deviceToken, name) !== null);
    cookies.setRefreshToken(result.refreshToken);
    cookies.setDeviceToken(this.#deps.devices.remember(cookies.deviceToken, names));
    if (!known) this.#deps.onNewDevice(result);
    return result.reply;
  }

  /** Whoever got here by a mail has shown whose browser this is: a flood of strangers' tries does not keep them out. */
  trust(context: CallContext, account: Account): void {
    const { cookies } = context;
    cookies?.setDeviceToken(this.#deps.devices.remember(cookies.deviceToken, namesOf(account)));
  }
}

/** By what an account is known to a browser: its id, and what is typed to sign in. */
function namesOf({ _id, email, phone }: Account): string[] {
  return [_id, email, phone].filter((name) => name !== undefined);
}
