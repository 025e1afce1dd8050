import { actorOf, cookiesOf, type HandlersOf } from '../hub/context.ts';
import type { RateLimits } from '../hub/rateLimits.ts';
import type { Passwords } from './Passwords.ts';
import type { SecondFactors } from './SecondFactors.ts';
import type { AccountService } from './service.ts';

export function accountHandlers(
  service: AccountService,
  factors: SecondFactors,
  passwords: Passwords,
  rateLimits: RateLimits,
): HandlersOf<'auth' | 'account'> {
  return {
    'auth.login': async (context, { email, password }) => {
      await rateLimits.signIn(context.address, email);
      const cookies = cookiesOf(context);
      const { reply, refreshToken } = await service.login(email, password, cookies.device, context.traceId);
      if (refreshToken !== null) cookies.setRefreshToken(refreshToken);
      return reply;
    },
    'auth.secondFactor': async (context, { token, code }) => {
      // Counted by account, whichever of its tokens: a second password attempt gives no new tries.
      await rateLimits.signIn(context.address, token.split('.', 1)[0] ?? '');
      const cookies = cookiesOf(context);
      const { reply, refreshToken } = await service.secondFactor(token, code, cookies.device, context.traceId);
      cookies.setRefreshToken(refreshToken);
      return reply;
    },
    'auth.factor': async (context) => ({ factor: await factors.of(actorOf(context).accountId) }),
    'auth.enrolFactor': async (context, { password }) => {
      const access = actorOf(context);
      await rateLimits.signIn(context.address, access.actor.account.email);
      return await service.enrolFactor(access, password);
    },
    'auth.confirmFactor': async (context, { code }) => ({
      recoveryCodes: await factors.confirm(actorOf(context).accountId, code),
    }),
    'auth.renewRecoveryCodes': async (context, { code }) => ({
      recoveryCodes: await factors.renewRecovery(actorOf(context).accountId, code),
    }),
    'auth.removeFactor': async (context, { code }) => {
      await factors.remove(actorOf(context).accountId, code);
      return {};
    },
    'auth.refresh': async (context) => {
      const cookies = cookiesOf(context);
      const { reply, refreshToken } = await service.refresh(cookies.refreshToken, context.traceId);
      cookies.setRefreshToken(refreshToken);
      return reply;
    },
    'auth.logout': async (context, { everywhere }) => {
      await service.logout(actorOf(context), everywhere);
      cookiesOf(context).setRefreshToken(null);
      return {};
    },
    'auth.sessions': (context) => service.sessions(actorOf(context)),
    'auth.revokeSession': (context, { signInId }) => service.revokeSession(actorOf(context), signInId),
    'auth.revokeOthers': (context) => service.revokeOthers(actorOf(context)),
    'auth.changePassword': async (context, input) => {
      const access = actorOf(context);
      await rateLimits.signIn(context.address, access.actor.account.email);
      return await passwords.change(access, input);
    },
    'auth.requestReset': async (context, { email }) => {
      await rateLimits.signIn(context.address, `reset ${email}`);
      return passwords.requestReset(email, context.traceId);
    },
    'auth.reset': async (context, input) => {
      await rateLimits.signIn(context.address, 'reset');
      return await passwords.reset(input, context.traceId);
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
