import { createRouter, type Routes } from 'sv-router';
import type { Role } from '../../shared/permissions.ts';
import NotFoundPage from './NotFoundPage.svelte';

/**
 * Every page, lazily loaded. To add one: put `'/path': () => import('./feature/NamePage.svelte')` below; a path with `:entryId` gives the page
 * `route.getParams('/consult/:entryId').entryId`. Guards and redirects are `hooks: { beforeLoad }` of a group (sv-router).
 * Waiting for their pages: `/sign-in` accounts/SignInPage, `/patient` queue/PatientHomePage, `/desk` desk/DoctorDeskPage, `/staff`
 * staff/StaffDeskPage, `/consult/:entryId` consult/ConsultPage, and `/`, which sends each role to `homeOf(roles)`.
 */
const pages = {
  '*': NotFoundPage,
} satisfies Routes;

/** The gallery of components is for us: while developing, and on a demo. */
const demo = import.meta.env.DEV || document.querySelector('meta[name=nadi-mode]')?.getAttribute('content') === 'demo';
const gallery = { '/gallery': () => import('./gallery/GalleryPage.svelte') } satisfies Routes;

export const { p, navigate, isActive, preload, route } = createRouter({ ...(demo ? gallery : {}), ...pages });

/** The page a person starts on; of several roles the one that works at a desk. Admins share the staff desk until they have a page of their own. */
export function homeOf(roles: readonly Role[]): '/desk' | '/staff' | '/patient' {
  if (roles.includes('doctor')) return '/desk';
  return roles.includes('staff') || roles.includes('admin') ? '/staff' : '/patient';
}
