import { describe, expect, test } from 'vitest';
import { accountStateOf, searchPattern, trusted } from './rules.ts';

const admin = { _id: 'a', roles: ['admin' as const], clinicIds: ['one', 'two'] };
const staff = { _id: 's', roles: ['staff' as const], clinicIds: ['one', 'far'] };

describe('[A1 H2] what an admin may trust somebody with', () => {
  test('roles, sets and clinics are as asked; clinics of other admins stay', () => {
    expect(trusted(admin, staff, { roles: ['staff'], permissionSets: ['nurse', 'nurse'], clinicIds: ['two'] })).toEqual(
      {
        roles: ['staff'],
        permissionSets: ['nurse'],
        clinicIds: ['far', 'two'],
      },
    );
  });

  test('a clinic that is not the admin’s own is not there', () => {
    expect(trusted(admin, staff, { roles: ['staff'], permissionSets: [], clinicIds: ['three'] })).toBe('NOT_FOUND');
  });

  test('sets go with the role, and being a patient stays', () => {
    const both = { _id: 'p', roles: ['patient' as const, 'staff' as const], clinicIds: [] };
    expect(trusted(admin, both, { roles: [], permissionSets: ['nurse'], clinicIds: [] })).toEqual({
      roles: ['patient'],
      permissionSets: [],
      clinicIds: [],
    });
    expect(trusted(admin, staff, { roles: [], permissionSets: [], clinicIds: [] })).toBe('INVALID_INPUT');
  });

  test('nobody takes admin from themselves; another may', () => {
    const nothing = { roles: ['staff' as const], permissionSets: [], clinicIds: [] };
    expect(trusted(admin, admin, nothing)).toBe('OWN_ACCOUNT');
    expect(trusted({ ...admin, _id: 'b' }, admin, nothing)).toMatchObject({ roles: ['staff'] });
  });
});

test('[H2] the state of an account', () => {
  expect(accountStateOf({})).toBe('active');
  expect(accountStateOf({ invitedAt: 1 })).toBe('invited');
  expect(accountStateOf({ invitedAt: 1, deactivatedAt: 2 })).toBe('inactive');
});

test('[H2] what is searched for means itself', () => {
  const found = (typed: string, text: string): boolean => new RegExp(searchPattern(typed), 'i').test(text);
  expect(found('  rao  m ', 'Dr. Rao   M.')).toBe(true);
  expect(found('.*', 'anything')).toBe(false);
  expect(found('(a+)+$', 'aaaaaaaaaaaa')).toBe(false);
  expect(found('+91 98', '+91 98450')).toBe(true);
});
