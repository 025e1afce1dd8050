import type { AccountState } from '../../shared/contract/people.ts';
import type { PermissionSet, Role } from '../../shared/permissions.ts';

/** What an admin wants somebody to be trusted with. */
export interface Trust {
  readonly roles: readonly Exclude<Role, 'patient'>[];
  readonly permissionSets: readonly PermissionSet[];
  readonly clinicIds: readonly string[];
}
export type Refusal = 'OWN_ACCOUNT' | 'INVALID_INPUT' | 'NOT_FOUND';
interface Held {
  readonly _id: string;
  readonly roles: readonly Role[];
  readonly clinicIds: readonly string[];
}

/**
 * What the account holds after the change, or why not. Being a patient is kept. Sets are for staff. An admin gives and takes the clinics they
 * are of themselves, and leaves others as they are.
 */
export function trusted(
  actor: Held,
  target: Held,
  wanted: Trust,
): { readonly roles: Role[]; readonly permissionSets: PermissionSet[]; readonly clinicIds: string[] } | Refusal {
  const roles: Role[] = [
    ...new Set<Role>([...(target.roles.includes('patient') ? ['patient' as const] : []), ...wanted.roles]),
  ];
  if (actor._id === target._id && !roles.includes('admin')) return 'OWN_ACCOUNT';
  const permissionSets = roles.includes('staff') ? [...new Set(wanted.permissionSets)] : [];
  if (roles.length === 0) return 'INVALID_INPUT';
  const theirs = target.clinicIds.filter((id) => !actor.clinicIds.includes(id));
  const clinicIds = [...new Set([...theirs, ...wanted.clinicIds])];
  const known = clinicIds.every((id) => actor.clinicIds.includes(id) || theirs.includes(id));
  return known ? { roles, permissionSets, clinicIds } : 'NOT_FOUND';
}

export function accountStateOf({
  deactivatedAt,
  invitedAt,
}: {
  readonly deactivatedAt?: number | undefined;
  readonly invitedAt?: number | undefined;
}): AccountState {
  if (deactivatedAt !== undefined) return 'inactive';
  return invitedAt === undefined ? 'active' : 'invited';
}

/** What somebody typed as a pattern that means exactly itself; spaces as any amount of them. */
export function searchPattern(typed: string): string {
  return typed
    .trim()
    .replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
    .replace(/\s+/g, '\\s+');
}
