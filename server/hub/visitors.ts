import type { Actor } from '../store/Access.ts';

/** Somebody without an account, who may hold a key to a public channel: no roles, so everything else is refused. */
export const visitor: Actor = {
  account: {
    _id: 'visitor',
    email: '',
    passwordHash: '',
    name: '',
    roles: [],
    permissionSets: [],
    clinicIds: [],
    createdAt: 0,
    accessChangedAt: 0,
  },
  sid: '',
};

export function isVisitor(account: { readonly _id: string }): boolean {
  return account._id === visitor.account._id;
}
