import type { Entrance } from '../accounts/Entrance.ts';
import type { FreshProof } from '../accounts/FreshProof.ts';
import type { SignUps } from '../accounts/SignUps.ts';
import { actorOf, type CallContext, type Handlers, type HandlersOf } from '../hub/context.ts';
import type { RateLimits } from '../hub/rateLimits.ts';
import type { Access } from '../store/Access.ts';
import type { People } from './People.ts';

export function peopleHandlers(people: People, fresh: FreshProof, entrance: Entrance): HandlersOf<'people'> {
  /** Tries are slowed as those to sign in are. */
  const proved = async (context: CallContext, { proof }: { readonly proof: string }): Promise<Access> => {
    const access = actorOf(context);
    await entrance.confirm(context, access, () => fresh.check(access, proof));
    return access;
  };
  return {
    'people.list': (context, input) => people.list(actorOf(context), input),
    'people.one': (context, { accountId }) => people.one(actorOf(context), accountId),
    'people.invite': async (context, input) => people.invite(await proved(context, input), context.requestId, input),
    'people.reinvite': (context, { accountId }) => people.reinvite(actorOf(context), accountId),
    'people.change': async (context, input) => people.change(await proved(context, input), input),
    'people.deactivate': async (context, input) => people.deactivate(await proved(context, input), input.accountId),
    'people.reactivate': async (context, input) => people.reactivate(await proved(context, input), input.accountId),
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
