import { z } from 'zod';
import { limits } from '../limits.ts';
import { id, instant } from './common.ts';
import { operation } from './define.ts';

const everybody = ['patient', 'doctor', 'staff', 'admin'] as const;

export const browsers = ['Chrome', 'Firefox', 'Safari', 'Edge', 'Opera', 'Samsung Internet', 'unknown'] as const;
export const systems = ['Android', 'iOS', 'Windows', 'macOS', 'Linux', 'ChromeOS', 'unknown'] as const;
/** What somebody signed in with, as coarse as a person needs to recognise it. */
export const device = z.object({ browser: z.enum(browsers), system: z.enum(systems) });
export type Device = z.infer<typeof device>;

/** One sign-in of one's own account that has not ended. */
export const signInView = z.object({
  id,
  device,
  createdAt: instant,
  /** When its access was last renewed: some minutes exact. */
  lastUsedAt: instant,
  /** The one that asks. */
  current: z.boolean(),
});
export type SignInView = z.infer<typeof signInView>;

/** What an admin does to an account, confirmed by their own password or a fresh code. */
const forOthers = (summary: string) =>
  ({
    kind: 'command',
    summary,
    input: z.strictObject({
      accountId: id,
      /** A fresh code of the app where the admin has a second factor, else the admin's password. */
      proof: z.string().min(1).max(limits.passwordChars),
    }),
    output: z.object({ ended: z.int().nonnegative() }),
    roles: ['admin'],
    rate: 'signIn',
    sensitive: true,
    audited: true,
    once: 'harmless',
  }) as const;

/** Who may use one's own account, and from where. */
export const accessOperations = {
  'auth.sessions': operation({
    kind: 'query',
    summary: 'Where I am signed in, the latest use first.',
    input: z.strictObject({}),
    output: z.object({ sessions: z.array(signInView) }),
    roles: everybody,
    rate: 'read',
  }),
  'auth.revokeSession': operation({
    kind: 'command',
    summary: 'End one sign-in of mine; its sockets are cut.',
    input: z.strictObject({ signInId: id }),
    output: z.object({}),
    roles: everybody,
    rate: 'write',
    audited: true,
    once: 'harmless',
  }),
  'auth.revokeOthers': operation({
    kind: 'command',
    summary: 'End every sign-in of mine but this one.',
    input: z.strictObject({}),
    output: z.object({ ended: z.int().nonnegative() }),
    roles: everybody,
    rate: 'write',
    audited: true,
    once: 'harmless',
  }),
  'auth.removeFactorOf': operation({
    ...forOthers('Remove the second factor of somebody who lost it. Their sign-ins end, and they are told.'),
  }),
  'auth.endSessionsOf': operation({ ...forOthers('End every sign-in of an account; its owner is told.') }),
};
