/** Who people are to the system. One account may hold several roles. */
export const roles = ['patient', 'doctor', 'staff', 'admin'] as const;
export type Role = (typeof roles)[number];

/** Roles that work at a desk: they see a whole queue, never only one place in it. */
export const deskRoles = ['doctor', 'staff', 'admin'] as const satisfies readonly Role[];

/** True when any of the actor's roles is among the allowed ones. Deny unless allowed: an empty list allows nobody. */
export function hasRole(held: readonly Role[], allowed: readonly Role[]): boolean {
  return held.some((role) => allowed.includes(role));
}

/** What staff are trusted with beside looking at the desks of their clinics; one person may hold several sets. */
export const permissionSets = ['reception', 'nurse', 'billing'] as const;
export type PermissionSet = (typeof permissionSets)[number];

/**
 * What an operation or channel may need of staff beside the role; doctors and admins have it by their role where that role is listed.
 * - `queue`: work the line: call, hold, move, answer alerts, breaks
 * - `register`: walk-ins, check-in codes, slips and links of places
 * - `desks`: open and close desks, make boards
 * - `vitals`: triage, and reading what triage found
 * - `patientChat`: write with patients who wait
 * - `announcements`: announce to one's own clinics
 * - `cash`: take and settle payments
 */
export const permissions = ['queue', 'register', 'desks', 'vitals', 'patientChat', 'announcements', 'cash'] as const;
export type Permission = (typeof permissions)[number];

const granted: Readonly<Record<PermissionSet, readonly Permission[]>> = {
  reception: ['queue', 'register', 'desks', 'patientChat', 'announcements'],
  nurse: ['queue', 'vitals', 'patientChat'],
  billing: ['cash'],
};

/** As much of an account as decides what it may do. */
export interface Holder {
  readonly roles: readonly Role[];
  readonly permissionSets: readonly PermissionSet[];
}

export function hasPermission(sets: readonly PermissionSet[], permission: Permission): boolean {
  return sets.some((set) => granted[set].includes(permission));
}

/**
 * Whether somebody may use what is for `roles` and, of staff, needs `permission`. One role that may is enough: a doctor who is also at the
 * reception does not lose what doctors may. Deny unless allowed.
 */
export function mayUse(who: Holder, { roles: allowed, permission }: Needs): boolean {
  return who.roles.some(
    (role) =>
      allowed.includes(role) &&
      (role !== 'staff' || permission === undefined || hasPermission(who.permissionSets, permission)),
  );
}
export interface Needs {
  readonly roles: readonly Role[];
  readonly permission?: Permission | undefined;
}
