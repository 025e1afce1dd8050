import type { FreshProof } from '../accounts/FreshProof.ts';
import type { SignUps } from '../accounts/SignUps.ts';
import { actorOf, type Handlers, type HandlersOf } from '../hub/context.ts';
import type { RateLimits } from '../hub/rateLimits.ts';
import type { People } from './People.ts';

export function peopleHandlers(people: People, fresh: FreshProof): HandlersOf<'people'> {
  return {
    'people.list': (context, input) => people.list(actorOf(context), input),
    'people.one': (context, { accountId }) => people.one(actorOf(context), accountId),
    'people.invite': async (context, input) => people.invite(await fresh.of(context, input), context.requestId, input),
    'people.reinvite': (context, { accountId }) => people.reinvite(actorOf(context), accountId),
    'people.change': async (context, input) => people.change(await fresh.of(context, input), input),
    'people.deactivate': async (context, input) => people.deactivate(await fresh.of(context, input), input.accountId),
    'people.reactivate': async (context, input) => people.reactivate(await fresh.of(context, input), input.accountId),
  };
}

export type SignUpHandlers = Pick<Handlers, 'auth.register' | 'auth.invitation' | 'auth.acceptInvitation'>;

export function signUpHandlers(signUps: SignUps, rateLimits: RateLimits): SignUpHandlers {
  return {
    'auth.register': async (context, input) => {
      await rateLimits.signIn(context.address, `sign-up ${input.email}`);
      return signUps.signUp(input, context.traceId);
    },
    'auth.invitation': async (context, { word }) => {
      await rateLimits.signIn(context.address, 'invitation');
      return await signUps.invitation(word);
    },
    'auth.acceptInvitation': async (context, input) => {
      await rateLimits.signIn(context.address, 'invitation');
      return await signUps.accept(input, context.traceId);
    },
  };
}
