import { z } from 'zod';
import { limits } from '../limits.ts';
import { instant } from './common.ts';
import { operation } from './define.ts';

const everybody = ['patient', 'doctor', 'staff', 'admin'] as const;

/** Six digits of the app, or a recovery code; spaces and dashes as people write them. */
export const factorCode = z.string().min(6).max(limits.codeChars);
const recoveryCodes = z.object({ recoveryCodes: z.array(z.string()) });

/** Signing in with a second factor (RFC 6238), and looking after it. */
export const secondFactorOperations = {
  'auth.factor': operation({
    kind: 'query',
    summary: 'Whether my account asks for a second factor, since when, and how many recovery codes are left.',
    input: z.strictObject({}),
    output: z.object({ factor: z.object({ since: instant, recoveryLeft: z.int().nonnegative() }).nullable() }),
    roles: everybody,
    rate: 'read',
  }),
  'auth.enrolFactor': operation({
    kind: 'command',
    summary: 'Begin: a new secret for my authenticator app. Nothing is asked for until a code confirms it.',
    input: z.strictObject({ password: z.string().min(1).max(limits.passwordChars) }),
    output: z.object({ secret: z.string(), uri: z.string() }),
    roles: everybody,
    rate: 'signIn',
    sensitive: true,
    audited: true,
    once: 'document',
  }),
  'auth.confirmFactor': operation({
    kind: 'command',
    summary: 'Confirm the new secret with a code; from now on sign-in asks for one. Gives the recovery codes, once.',
    input: z.strictObject({ code: factorCode }),
    output: recoveryCodes,
    roles: everybody,
    rate: 'signIn',
    sensitive: true,
    audited: true,
    once: 'document',
  }),
  'auth.renewRecoveryCodes': operation({
    kind: 'command',
    summary: 'New recovery codes against a fresh code; the ones before are void.',
    input: z.strictObject({ code: factorCode }),
    output: recoveryCodes,
    roles: everybody,
    rate: 'signIn',
    sensitive: true,
    audited: true,
    once: 'document',
  }),
  'auth.removeFactor': operation({
    kind: 'command',
    summary: 'Ask for no second factor any more, against a fresh code.',
    input: z.strictObject({ code: factorCode }),
    output: z.object({}),
    roles: everybody,
    rate: 'signIn',
    sensitive: true,
    audited: true,
    once: 'document',
  }),
};
