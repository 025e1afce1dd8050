/** Who people are to the system. One account may hold several roles. */
export const roles = ['patient', 'doctor', 'staff', 'admin'] as const;
export type Role = (typeof roles)[number];

/** Roles that work at a desk: they see a whole queue, never only one place in it. */
export const deskRoles = ['doctor', 'staff', 'admin'] as const satisfies readonly Role[];

/** True when any of the actor's roles is among the allowed ones. Deny unless allowed: an empty list allows nobody. */
export function hasRole(held: readonly Role[], allowed: readonly Role[]): boolean {
  return held.some((role) => allowed.includes(role));
}
