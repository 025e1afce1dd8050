import type { AccountView } from '../../../shared/contract/accounts.ts';
import { hasRole, type Role } from '../../../shared/permissions.ts';
import { hub, session } from '../lib/index.ts';
import { homeOf, navigate, route } from '../routes.ts';
import { reloadForNewVersion } from './newVersion.ts';

/**
 * Keeps a page for the given roles: signed out → the sign-in page and back here afterwards; another role → its own start page. Also reloads
 * for a new version when nothing holds the page. Call while a page initialises; show its content only while `account` is there.
 */
export function useGuard(roles: () => readonly Role[]) {
  const allowed = $derived(
    session.account !== null && hasRole(session.account.roles, roles()) ? session.account : null,
  );

  $effect(() => {
    if (session.status === 'signed-out') {
      // Where somebody left by choice is nothing to come back to.
      const state = session.reason === 'here' ? {} : { wanted: route.pathname };
      void navigate('/sign-in', { replace: true, state });
    } else if (session.account && !allowed) {
      void navigate(homeOf(session.account.roles), { replace: true });
    }
  });

  $effect(() => {
    if (hub.shouldReload) reloadForNewVersion();
  });

  return {
    /** Null until somebody with such a role is known to be signed in. */
    get account(): AccountView | null {
      return allowed;
    },
  };
}
