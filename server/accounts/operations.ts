import { actorOf, cookiesOf, type HandlersOf } from '../hub/context.ts';
import type { RateLimits } from '../hub/rateLimits.ts';
import type { AccountService } from './service.ts';

export function accountHandlers(service: AccountService, rateLimits: RateLimits): HandlersOf<'auth' | 'account'> {
  return {
    'auth.login': async (context, { email, password }) => {
      await rateLimits.signIn(context.address, email);
      const { reply, refreshToken } = await service.login(email, password, context.traceId);
      cookiesOf(context).setRefreshToken(refreshToken);
      return reply;
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
    'account.me': (context) => service.me(actorOf(context)),
  };
}
