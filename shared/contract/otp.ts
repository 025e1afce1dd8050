import { z } from 'zod';
import { limits } from '../limits.ts';
import { instant, language, personName } from './common.ts';
import { signedIn, secondFactorAsked } from './accounts.ts';
import { operation } from './define.ts';

/** Where a code goes. */
export const codeChannel = z.enum(['sms', 'email']);
export type CodeChannel = z.infer<typeof codeChannel>;

/** The code was right and nobody has an account there yet: `token` goes with a name, for a few minutes. */
export const nameAsked = z.object({ signUp: z.object({ token: z.string(), expiresAt: instant }) });
export type NameAsked = z.infer<typeof nameAsked>;

/** Signing in, and up, by a code that comes by SMS or mail: for people without a password. */
export const otpOperations = {
  'auth.ways': operation({
    kind: 'query',
    summary: 'How codes can be sent here, and the country whose numbers are written without their prefix.',
    input: z.strictObject({}),
    output: z.object({ sms: z.boolean(), email: z.boolean(), region: z.string() }),
    roles: 'public',
    rate: 'read',
  }),
  'auth.requestCode': operation({
    kind: 'command',
    summary: 'Send a code to a number or an address. Answered alike whether anybody has an account there or not.',
    input: z.strictObject({
      channel: codeChannel,
      to: z.string().min(3).max(limits.emailChars),
      language: language.default('en'),
    }),
    output: z.object({ challengeId: z.uuid(), expiresAt: instant, resendAt: instant }),
    roles: 'public',
    rate: 'signIn',
    sensitive: true,
    audited: true,
    transports: ['http'],
  }),
  'auth.useCode': operation({
    kind: 'command',
    summary: 'Give the code: signs in, asks for the second factor, or for a name where there is no account yet.',
    input: z.strictObject({ challengeId: z.uuid(), code: z.string().regex(/^\d{6}$/) }),
    output: z.union([signedIn, secondFactorAsked, nameAsked]),
    roles: 'public',
    rate: 'signIn',
    sensitive: true,
    audited: true,
    transports: ['http'],
  }),
  'auth.signUp': operation({
    kind: 'command',
    summary: 'Open a patient’s account for the number or address that a code has just shown to be one’s own.',
    input: z.strictObject({ token: z.string().min(1).max(200), name: personName }),
    output: z.union([signedIn, secondFactorAsked]),
    roles: 'public',
    rate: 'signIn',
    sensitive: true,
    audited: true,
    transports: ['http'],
  }),
};
