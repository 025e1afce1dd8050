import { z } from 'zod';
import { limits } from '../limits.ts';
import { gender, personName, role } from './common.ts';
import { operation } from './define.ts';
import { emailAddress } from './passwords.ts';

const word = z.string().min(1).max(limits.codeChars);
const birthYear = z.int().min(1900).max(2100);

/** Coming in: by oneself, or invited by an admin. Either way the password is chosen by the link of a mail, so that an address is its owner's. */
export const signUpOperations = {
  'auth.register': operation({
    kind: 'command',
    summary:
      'Ask for an account as a patient or a doctor: a mail leads on. Answered alike whether the address is known or not.',
    input: z.strictObject({ name: personName, email: emailAddress, as: z.enum(['patient', 'doctor']) }),
    output: z.object({}),
    roles: 'public',
    rate: 'signIn',
    sensitive: true,
    audited: true,
    once: 'harmless',
  }),
  'auth.invitation': operation({
    kind: 'query',
    summary: 'Whom the link of a mail invites, and as what.',
    input: z.strictObject({ word }),
    output: z.object({ name: z.string(), email: z.string(), roles: z.array(role) }),
    roles: 'public',
    rate: 'signIn',
    sensitive: true,
  }),
  'auth.acceptInvitation': operation({
    kind: 'command',
    summary: 'Choose a password by the link of a mail; it works once. A patient says who they are.',
    input: z.strictObject({
      word,
      newPassword: z.string().min(limits.passwordLeastChars).max(limits.passwordChars),
      patient: z.strictObject({ gender, birthYear }).optional(),
    }),
    output: z.object({}),
    roles: 'public',
    rate: 'signIn',
    sensitive: true,
    audited: true,
    once: 'document',
  }),
};
