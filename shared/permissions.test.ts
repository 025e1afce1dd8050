import { describe, expect, test } from 'vitest';
import {
  hasPermission,
  mayUse,
  permissions,
  permissionSets,
  type Permission,
  type PermissionSet,
} from './permissions.ts';

const staff = (...sets: PermissionSet[]) => ({ roles: ['staff' as const], permissionSets: sets });

describe('[A1] permission sets', () => {
  test.each<[PermissionSet, readonly Permission[]]>([
    ['reception', ['queue', 'register', 'desks', 'patientChat', 'announcements']],
    ['nurse', ['queue', 'vitals', 'patientChat']],
    ['billing', ['cash']],
  ])('%s may what its work needs and nothing else', (set, expected) => {
    expect(permissions.filter((one) => hasPermission([set], one)).sort()).toEqual([...expected].sort());
  });

  test('several sets add up, and every permission is in one', () => {
    for (const one of permissions) expect([one, hasPermission(permissionSets, one)]).toEqual([one, true]);
    expect(hasPermission([], 'queue')).toBe(false);
  });

  test('a permission is asked of staff only; another role that may is enough', () => {
    const triage = { roles: ['doctor', 'staff'], permission: 'vitals' } as const;
    expect(mayUse(staff('nurse'), triage)).toBe(true);
    expect(mayUse(staff('reception', 'billing'), triage)).toBe(false);
    expect(mayUse({ roles: ['doctor'], permissionSets: [] }, triage)).toBe(true);
    expect(mayUse({ roles: ['staff', 'doctor'], permissionSets: [] }, triage)).toBe(true);
    expect(mayUse({ roles: ['admin', 'patient'], permissionSets: ['nurse'] }, triage)).toBe(false);
  });

  test('what needs no permission is for the role as such, and nobody holds an empty list', () => {
    expect(mayUse(staff(), { roles: ['staff'] })).toBe(true);
    expect(mayUse(staff('nurse'), { roles: [] })).toBe(false);
    expect(mayUse({ roles: [], permissionSets: [...permissionSets] }, { roles: ['staff'] })).toBe(false);
  });
});
