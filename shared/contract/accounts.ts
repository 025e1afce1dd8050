import { z } from 'zod';
import { limits } from '../limits.ts';
import { gender, id, instant, permissionSet, role } from './common.ts';
import { operation } from './define.ts';
import { doctorState } from './doctors.ts';
import { emailAddress } from './passwords.ts';
import { factorCode } from './secondFactor.ts';

/** A person cared for. Not an account: an account may hold several, a walk-in's has no account at all. */
export const patientSummary = z.object({
  id,
  code: z.string(),
  name: z.string(),
  gender,
  birthYear: z.int().nullable(),
});

export const accountView = z.object({
  id,
  name: z.string(),
  /** Null for who signs in by phone only. */
  email: z.string().nullable(),
  roles: z.array(role),
  /** What is trusted to staff; empty for all others. */
  permissionSets: z.array(permissionSet),
  /** Of a doctor: how far the application is. Null for all others, and before it has begun. */
  doctorState: doctorState.nullable(),
  /** Patients this account acts for: oneself, children, parents. */
  patients: z.array(patientSummary),
  /** Clinics whose desks this account may work at. */
  clinics: z.array(z.object({ id, name: z.string() })),
});
export type AccountView = z.infer<typeof accountView>;

/** A short-lived access token; the refresh token travels only as an HttpOnly cookie. */
export const signedIn = z.object({
  accessToken: z.string(),
  expiresAt: instant,
  account: accountView,
  /** After how long without anybody at the device the sign-in ends, ms; null: it does not. */
  idleMs: z.int().positive().nullable().default(null),
});
export type SignedIn = z.infer<typeof signedIn>;

/** The password was right, and this account asks for a second factor: `token` goes with the code, for a few minutes. */
export const secondFactorAsked = z.object({ secondFactor: z.object({ token: z.string(), expiresAt: instant }) });
export type SecondFactorAsked = z.infer<typeof secondFactorAsked>;

export const accountOperations = {
  'auth.login': operation({
    kind: 'command',
    summary: 'Sign in with email and password; sets the refresh cookie, or asks for the second factor.',
    input: z.strictObject({
      email: emailAddress,
      password: z.string().min(1).max(limits.passwordChars),
    }),
    output: z.union([signedIn, secondFactorAsked]),
    roles: 'public',
    rate: 'signIn',
    sensitive: true,
    audited: true,
    transports: ['http'],
  }),
  'auth.secondFactor': operation({
    kind: 'command',
    summary: 'The second step of signing in: a code of the app or a recovery code; sets the refresh cookie.',
    input: z.strictObject({ token: z.string().min(1).max(200), code: factorCode }),
    output: signedIn,
    roles: 'public',
    rate: 'signIn',
    sensitive: true,
    audited: true,
    transports: ['http'],
  }),
  'auth.refresh': operation({
    kind: 'command',
    summary:
      'Trade the refresh cookie for a new access token; rotates the cookie. Refused when nobody was there for too long.',
    input: z.strictObject({
      /** How long nobody has touched the device, in any tab, ms. */
      quietMs: z
        .int()
        .nonnegative()
        .max(366 * 24 * 3600_000)
        .optional(),
    }),
    output: signedIn,
    roles: 'public',
    rate: 'write',
    transports: ['http'],
  }),
  'auth.logout': operation({
    kind: 'command',
    summary: 'End this session (or all of the account): revokes it and closes its sockets.',
    input: z.strictObject({ everywhere: z.boolean().default(false) }),
    output: z.object({}),
    roles: ['patient', 'doctor', 'staff', 'admin'],
    rate: 'write',
    audited: true,
    transports: ['http'],
  }),
  'account.me': operation({
    kind: 'query',
    summary: 'Who I am, whom I act for and where I work.',
    input: z.strictObject({}),
    output: accountView,
    roles: ['patient', 'doctor', 'staff', 'admin'],
    rate: 'read',
  }),
};
