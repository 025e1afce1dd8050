import type { AccountChange } from '../../shared/state/notices.ts';
import { actorOf, cookiesOf, type CallContext, type HandlersOf } from '../hub/context.ts';
import type { RateLimits } from '../hub/rateLimits.ts';
import type { CodeSignIn } from './CodeSignIn.ts';
import type { Entrance } from './Entrance.ts';
import { FreshProof } from './FreshProof.ts';
import type { Helpdesk } from './Helpdesk.ts';
import type { OwnerNews } from './OwnerNews.ts';
import type { Passwords } from './Passwords.ts';
import type { SignUpHandlers } from '../people/operations.ts';
import type { SecondFactors } from './SecondFactors.ts';
import type { AccountService } from './service.ts';

export function accountHandlers(deps: {
  readonly service: AccountService;
  readonly factors: SecondFactors;
  readonly passwords: Passwords;
  readonly codes: CodeSignIn;
  readonly entrance: Entrance;
  readonly helpdesk: Helpdesk;
  readonly owners: OwnerNews;
  readonly rateLimits: RateLimits;
}): Omit<HandlersOf<'auth' | 'account'>, keyof SignUpHandlers> {
  const { service, factors, passwords, codes, entrance, helpdesk, owners, rateLimits } = deps;
  const fresh = new FreshProof(factors, entrance);
  const told = async <T>(context: CallContext, change: AccountChange, done: T): Promise<T> => {
    await owners.tell(actorOf(context).accountId, change);
    return done;
  };
  return {
    'auth.login': async (context, { email, password }) => {
      const { device } = cookiesOf(context);
      const result = await entrance.attempt(context, email, () =>
        service.login(email, password, device, context.traceId),
      );
      return entrance.admit(context, result);
    },
    'auth.secondFactor': async (context, { token, code }) => {
      // Counted by account, whichever of its tokens: a second password attempt gives no new tries.
      await rateLimits.signIn(context.address, token.split('.', 1)[0] ?? '');
      const { device } = cookiesOf(context);
      return entrance.admit(context, await service.secondFactor(token, code, device, context.traceId));
    },
    'auth.ways': () => Promise.resolve(codes.ways()),
    'auth.requestCode': async (context, input) => {
      const target = codes.target(input);
      const device = entrance.knownDevice(context, target);
      await rateLimits.signIn(device === null ? context.address : `device ${device}`, `code ${target}`);
      return await codes.request(target, input, context.address, device);
    },
    'auth.useCode': async (context, input) => {
      await rateLimits.signIn(context.address, input.challengeId);
      const result = await codes.use(input, cookiesOf(context).device, context.traceId);
      return 'signUp' in result ? result : entrance.admit(context, result);
    },
    'auth.signUp': async (context, input) => {
      await rateLimits.signIn(context.address, 'sign up');
      return entrance.admit(context, await codes.signUp(input, cookiesOf(context).device, context.traceId));
    },
    'auth.factor': async (context) => ({ factor: await factors.of(actorOf(context).accountId) }),
    'auth.enrolFactor': async (context, { password }) => {
      const access = actorOf(context);
      return await entrance.confirm(context, access, () => service.enrolFactor(access, password));
    },
    'auth.confirmFactor': async (context, { code }) => {
      const recoveryCodes = await factors.confirm(actorOf(context).accountId, code);
      return await told(context, 'factorOn', { recoveryCodes });
    },
    'auth.renewRecoveryCodes': async (context, { code }) => {
      const recoveryCodes = await factors.renewRecovery(actorOf(context).accountId, code);
      return await told(context, 'recoveryCodes', { recoveryCodes });
    },
    'auth.removeFactor': async (context, { code }) => {
      await factors.remove(actorOf(context).accountId, code);
      return await told(context, 'factorOff', {});
    },
    'auth.refresh': async (context, { quietMs }) => {
      const cookies = cookiesOf(context);
      const { reply, refreshToken } = await service.refresh(cookies.refreshToken, quietMs, context.traceId);
      cookies.setRefreshToken(refreshToken);
      return reply;
    },
    'auth.logout': async (context, { everywhere }) => {
      await service.logout(actorOf(context), everywhere);
      cookiesOf(context).setRefreshToken(null);
      return {};
    },
    'auth.removeFactorOf': async (context, input) =>
      helpdesk.removeFactorOf(await fresh.of(context, input), input.accountId),
    'auth.endSessionsOf': async (context, input) =>
      helpdesk.endSessionsOf(await fresh.of(context, input), input.accountId),
    'auth.sessions': (context) => service.sessions(actorOf(context)),
    'auth.revokeSession': (context, { signInId }) => service.revokeSession(actorOf(context), signInId),
    'auth.revokeOthers': (context) => service.revokeOthers(actorOf(context)),
    'auth.changePassword': async (context, input) => {
      const access = actorOf(context);
      const done = await entrance.confirm(context, access, () => passwords.change(access, input));
      return await told(context, 'password', done);
    },
    'auth.requestReset': async (context, { email }) => {
      await rateLimits.signIn(context.address, `reset ${email}`);
      return passwords.requestReset(email, context.traceId);
    },
    'auth.reset': async (context, input) => {
      await rateLimits.signIn(context.address, 'reset');
      const account = await passwords.reset(input, context.traceId);
      entrance.trust(context, account);
      await owners.tell(account._id, 'password');
      return {};
    },
    'auth.verifyEmail': async (context, { word }) => {
      await rateLimits.signIn(context.address, 'verify');
      return await passwords.verifyEmail(word, context.traceId);
    },
    'account.email': (context) => passwords.email(actorOf(context)),
    'account.requestEmailProof': (context) => passwords.requestEmailProof(actorOf(context)),
    'account.me': (context) => service.me(actorOf(context)),
  };
}
