import type { PermissionSet, Role } from '../../shared/permissions.ts';

/** Published on purpose: these exist in demo mode only. */
export const demoPassword = 'nadi-demo';

export interface DemoLogin {
  readonly email: string;
  readonly role: Role;
  readonly permissionSets?: readonly PermissionSet[];
}

export const demoLogins: readonly DemoLogin[] = [
  { email: 'doctor@demo.nadi', role: 'doctor' },
  { email: 'doctor2@demo.nadi', role: 'doctor' },
  { email: 'patient@demo.nadi', role: 'patient' },
  { email: 'patient2@demo.nadi', role: 'patient' },
  { email: 'staff@demo.nadi', role: 'staff', permissionSets: ['reception', 'nurse', 'billing'] },
  { email: 'reception@demo.nadi', role: 'staff', permissionSets: ['reception'] },
  { email: 'nurse@demo.nadi', role: 'staff', permissionSets: ['nurse'] },
  { email: 'admin@demo.nadi', role: 'admin' },
];
