import { actorOf, type HandlersOf } from '../hub/context.ts';
import type { Doctors } from './Doctors.ts';
import type { Verifications } from './Verifications.ts';

export function doctorHandlers(
  doctors: Doctors,
  verifications: Verifications,
): HandlersOf<'application' | 'verification'> {
  return {
    'application.mine': (context) => doctors.mine(actorOf(context)),
    'application.save': (context, input) => doctors.save(actorOf(context), input),
    'application.attach': (context, input) => doctors.attach(actorOf(context), input),
    'application.detach': (context, input) => doctors.detach(actorOf(context), input),
    'application.submit': async (context, { version }) => {
      const reply = await doctors.submit(actorOf(context), context.requestId, version);
      await verifications.sweep();
      return reply;
    },
    'verification.list': (_context, input) => verifications.list(input),
    'verification.one': (context, { doctorId }) => verifications.one(actorOf(context), doctorId),
    'verification.decide': (context, input) => verifications.decide(actorOf(context), context.requestId, input),
  };
}
