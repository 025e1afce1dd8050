import type { Person } from '../../../shared/contract/people.ts';
import { permissionSets, type PermissionSet } from '../../../shared/permissions.ts';

export const trustRoles = ['doctor', 'staff', 'admin'] as const;

/** What somebody is trusted with, as a form holds it. */
export interface Trust {
  roles: Record<(typeof trustRoles)[number], boolean>;
  sets: Record<PermissionSet, boolean>;
  clinicIds: string[];
}

export function trustOf(of: Pick<Person, 'roles' | 'permissionSets' | 'clinicIds'>): Trust {
  const has = (set: PermissionSet): boolean => of.permissionSets.includes(set);
  return {
    roles: {
      doctor: of.roles.includes('doctor'),
      staff: of.roles.includes('staff'),
      admin: of.roles.includes('admin'),
    },
    sets: { reception: has('reception'), nurse: has('nurse'), billing: has('billing') },
    clinicIds: [...of.clinicIds],
  };
}

/** As operations take it; clinics that are not this admin's are left as they are. */
export function asked(trust: Trust, clinics: readonly { id: string }[]) {
  return {
    roles: trustRoles.filter((role) => trust.roles[role]),
    permissionSets: trust.roles.staff ? permissionSets.filter((set) => trust.sets[set]) : [],
    clinicIds: trust.clinicIds.filter((id) => clinics.some((clinic) => clinic.id === id)),
  };
}
