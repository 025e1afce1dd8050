import type { Role } from '../../shared/permissions.ts';

/** Published on purpose: these exist in demo mode only. */
export const demoPassword = 'nadi-demo';

export const demoLogins: readonly { readonly email: string; readonly role: Role }[] = [
  { email: 'doctor@demo.nadi', role: 'doctor' },
  { email: 'doctor2@demo.nadi', role: 'doctor' },
  { email: 'patient@demo.nadi', role: 'patient' },
  { email: 'patient2@demo.nadi', role: 'patient' },
  { email: 'staff@demo.nadi', role: 'staff' },
  { email: 'admin@demo.nadi', role: 'admin' },
];
