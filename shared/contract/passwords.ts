import { z } from 'zod';
import { limits } from '../limits.ts';
import { instant } from './common.ts';
import { operation } from './define.ts';

const everybody = ['patient', 'doctor', 'staff', 'admin'] as const;
export const emailAddress = z.string().max(limits.emailChars).trim().toLowerCase().pipe(z.email());
const oldPassword = z.string().min(1).max(limits.passwordChars);
const newPassword = z.string().min(limits.passwordLeastChars).max(limits.passwordChars);
/** What stood after the # of a link in a mail. */
const word = z.string().min(1).max(limits.codeChars);

/** Passwords and the address they are reset by. */
export const passwordOperations = {
  'auth.changePassword': operation({
    kind: 'command',
    summary: 'Choose a new password, knowing the one before; every other sign-in of mine ends.',
    input: z.strictObject({ oldPassword, newPassword }),
    output: z.object({}),
    roles: everybody,
    rate: 'signIn',
    sensitive: true,
    audited: true,
    once: 'document',
  }),
  'auth.requestReset': operation({
    kind: 'command',
    summary: 'Ask for a mail to choose a new password by. Answered alike whether the address is known or not.',
    input: z.strictObject({ email: emailAddress }),
    output: z.object({}),
    roles: 'public',
    rate: 'signIn',
    sensitive: true,
    audited: true,
    once: 'harmless',
  }),
  'auth.reset': operation({
    kind: 'command',
    summary: 'Choose a new password by the link of a mail; it works once, and every sign-in ends.',
    input: z.strictObject({ word, newPassword }),
    output: z.object({}),
    roles: 'public',
    rate: 'signIn',
    sensitive: true,
    audited: true,
    once: 'document',
  }),
  'account.email': operation({
    kind: 'query',
    summary: 'My address, when I have shown that it is mine, and whether this installation sends mail.',
    input: z.strictObject({}),
    output: z.object({ email: z.string().nullable(), verifiedAt: instant.nullable(), sendsMail: z.boolean() }),
    roles: everybody,
    rate: 'read',
  }),
  'account.requestEmailProof': operation({
    kind: 'command',
    summary: 'Ask for a mail to show by that the address is mine.',
    input: z.strictObject({}),
    output: z.object({}),
    roles: everybody,
    rate: 'signIn',
    audited: true,
    once: 'harmless',
  }),
  'auth.verifyEmail': operation({
    kind: 'command',
    summary: 'Show by the link of a mail that the address is mine; it works once.',
    input: z.strictObject({ word }),
    output: z.object({}),
    roles: 'public',
    rate: 'signIn',
    sensitive: true,
    audited: true,
    once: 'document',
  }),
};
