import type { AuthSessions } from '../accounts/AuthSessions.ts';
import type { Entrance } from '../accounts/Entrance.ts';
import type { Challenges } from '../accounts/Challenges.ts';
import { FreshProof } from '../accounts/FreshProof.ts';
import type { SecondFactors } from '../accounts/SecondFactors.ts';
import { SignUps } from '../accounts/SignUps.ts';
import { Doctors } from '../doctors/Doctors.ts';
import { doctorHandlers } from '../doctors/operations.ts';
import { Verifications } from '../doctors/Verifications.ts';
import type { Files } from '../files/Files.ts';
import type { RateLimits } from '../hub/rateLimits.ts';
import type { Notifier } from '../notify/Notifier.ts';
import type { AccessDeps } from '../store/Access.ts';
import type { Logger } from '../support/logger.ts';
import { peopleHandlers, signUpHandlers } from './operations.ts';
import { People } from './People.ts';

/** Who may come in and as what: sign-up, invitations, doctors' applications and their verification, people. */
export function buildPeople(
  deps: AccessDeps & {
    readonly sessions: AuthSessions;
    readonly factors: SecondFactors;
    readonly challenges: Challenges;
    readonly notifier: Notifier;
    readonly sendsMail: boolean;
    readonly files: Files;
    readonly rateLimits: RateLimits;
    readonly entrance: Entrance;
    readonly endAll: (accountId: string) => Promise<unknown>;
    readonly accessChanged: (accountId: string) => Promise<void>;
    readonly onDesksChanged: (clinicId: string) => void;
    readonly log: Logger;
    readonly now: () => number;
  },
) {
  const signUps = new SignUps(deps);
  const doctors = new Doctors(deps);
  const verifications = new Verifications({ ...deps, doctors });
  const people = new People({ ...deps, signUps, doctors });
  return {
    handlers: {
      ...signUpHandlers(signUps, deps.rateLimits),
      ...peopleHandlers(people, new FreshProof(deps.factors, deps.entrance)),
      ...doctorHandlers(doctors, verifications),
    },
    sweep: () => verifications.sweep(),
    purge: () => signUps.purge(),
    stop: () => signUps.settle(),
  };
}
