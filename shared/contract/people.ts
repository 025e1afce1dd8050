import { z } from 'zod';
import { limits } from '../limits.ts';
import { device } from './access.ts';
import { id, instant, permissionSet, personName, role } from './common.ts';
import { operation } from './define.ts';
import { doctorState } from './doctors.ts';
import { emailAddress } from './passwords.ts';

/** `invited`: no password chosen yet. `inactive`: may not sign in any more; what they did stays. */
export const accountState = z.enum(['invited', 'active', 'inactive']);
export type AccountState = z.infer<typeof accountState>;

/** Somebody with an account, as admins see them. Nothing clinical. */
export const person = z.object({
  id,
  name: z.string(),
  /** Null for who signs in by phone only. */
  email: z.string().nullable(),
  phone: z.string().nullable(),
  roles: z.array(role),
  permissionSets: z.array(permissionSet),
  clinicIds: z.array(id),
  state: accountState,
  /** Of doctors; null before they have begun their application. */
  doctor: z.object({ id, state: doctorState }).nullable(),
  createdAt: instant,
  /** When access was last renewed in any of their sign-ins, some minutes exact; null: never, or long ago. */
  lastSeenAt: instant.nullable(),
});
export type Person = z.infer<typeof person>;

/** What is trusted to somebody. Being a patient is kept as it is. */
const trust = {
  roles: z.array(z.enum(['doctor', 'staff', 'admin'])).max(3),
  permissionSets: z.array(permissionSet).max(3).default([]),
  clinicIds: z.array(id).max(50).default([]),
};
/** A fresh code of the app where the admin has a second factor, else the admin's password. */
const proof = z.string().min(1).max(limits.passwordChars);

const byAdmin = { roles: ['admin'], rate: 'write', sensitive: true, audited: true, once: 'document' } as const;

export const peopleOperations = {
  'people.list': operation({
    kind: 'query',
    summary: 'People with an account, by name; `search` looks into name, address and proved phone.',
    input: z.strictObject({
      search: z
        .string()
        .max(limits.searchChars)
        .regex(/^[^\p{Cc}\p{Cs}]*$/u)
        .trim()
        .default(''),
      role: role.optional(),
      state: accountState.optional(),
      after: id.optional(),
      limit: z.int().min(1).max(100).default(30),
    }),
    output: z.object({ people: z.array(person), next: id.nullable() }),
    roles: ['admin'],
    rate: 'read',
    sensitive: true,
    audited: true,
  }),
  'people.one': operation({
    kind: 'query',
    summary: 'One of them, with where they are signed in. `seen` goes with a change.',
    input: z.strictObject({ accountId: id }),
    output: z.object({
      person,
      seen: instant,
      secondFactor: z.boolean(),
      signIns: z.array(z.object({ id, device, createdAt: instant, lastUsedAt: instant })),
    }),
    roles: ['admin'],
    rate: 'read',
    audited: true,
  }),
  'people.invite': operation({
    ...byAdmin,
    kind: 'command',
    summary: 'Invite somebody: a mail lets them choose a password, once, within seven days.',
    input: z.strictObject({ name: personName, email: emailAddress, ...trust, proof }),
    output: z.object({ accountId: id }),
  }),
  'people.reinvite': operation({
    ...byAdmin,
    kind: 'command',
    summary: 'Send the invitation again; the link before it ends.',
    input: z.strictObject({ accountId: id }),
    output: z.object({}),
    once: 'harmless',
  }),
  'people.change': operation({
    ...byAdmin,
    kind: 'command',
    summary:
      'Change what somebody is trusted with. Nobody takes admin from themselves; what was changed meanwhile is a CONFLICT.',
    input: z.strictObject({ accountId: id, seen: instant, ...trust, proof }),
    output: z.object({ seen: instant }),
  }),
  'people.deactivate': operation({
    ...byAdmin,
    kind: 'command',
    summary: 'Nobody signs in with this account any more; its sign-ins end, its live views close within seconds.',
    input: z.strictObject({ accountId: id, proof }),
    output: z.object({}),
  }),
  'people.reactivate': operation({
    ...byAdmin,
    kind: 'command',
    summary: 'The account may be used again, as before.',
    input: z.strictObject({ accountId: id, proof }),
    output: z.object({}),
  }),
};
