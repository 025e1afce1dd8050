import { createRouter, type Routes } from 'sv-router';
import type { Role } from '../../shared/permissions.ts';
import { onRouteError } from './loadFailure.svelte.ts';
import NotFoundPage from './NotFoundPage.svelte';

/**
 * Every page, lazily loaded. To add one: put `'/path': () => import('./feature/NamePage.svelte')` below; a path with `:entryId` gives the page
 * `route.getParams('/consult/:entryId').entryId`.
 * `/` sends each role to `homeOf(roles)`; pages behind the sign-in guard themselves (`accounts/SignedIn`, `useGuard`).
 */
const pages = {
  '/': () => import('./accounts/HomePage.svelte'),
  '/forgot-password': () => import('./accounts/ForgotPasswordPage.svelte'),
  '/reset-password': () => import('./accounts/ResetPasswordPage.svelte'),
  '/verify-email': () => import('./accounts/VerifyEmailPage.svelte'),
  '/sign-up': () => import('./accounts/SignUpPage.svelte'),
  '/welcome': () => import('./accounts/WelcomePage.svelte'),
  '/application': () => import('./doctor/ApplicationPage.svelte'),
  '/sign-in': () => import('./accounts/SignInPage.svelte'),
  '/patient': () => import('./queue/PatientHomePage.svelte'),
  '/desk': () => import('./desk/DoctorDeskPage.svelte'),
  '/staff': () => import('./staff/StaffDeskPage.svelte'),
  '/staff/check-in': () => import('./staff/CheckInPage.svelte'),
  '/staff/announcements': () => import('./staff/AnnouncementsPage.svelte'),
  '/staff/boards': () => import('./staff/BoardsPage.svelte'),
  '/staff/waits': () => import('./staff/WaitsPage.svelte'),
  '/consult/:entryId': () => import('./consult/ConsultPage.svelte'),
  '/board/:boardId': () => import('./board/BoardPage.svelte'),
  '/messages': () => import('./chat/MessagesPage.svelte'),
  '/messages/:threadId': () => import('./chat/MessagesPage.svelte'),
  '/place/:code': () => import('./queue/LinkedPlacePage.svelte'),
  '/check-in': () => import('./checkin/CheckInPage.svelte'),
  '/waiting-room/:entryId': () => import('./waiting-room/WaitingRoomPage.svelte'),
  '/account': () => import('./accounts/AccountPage.svelte'),
  '/settings/notifications': () => import('./notifications/SettingsPage.svelte'),
  '/admin': () => import('./admin/OverviewPage.svelte'),
  '/admin/people': () => import('./admin/PeoplePage.svelte'),
  '/admin/people/:accountId': () => import('./admin/PersonPage.svelte'),
  '/admin/verification': () => import('./admin/VerificationPage.svelte'),
  '/admin/verification/:doctorId': () => import('./admin/ApplicationPage.svelte'),
  '/admin/announcements': () => import('./admin/AnnouncementsPage.svelte'),
  '/admin/undelivered': () => import('./admin/UndeliveredPage.svelte'),
  '/admin/messages': () => import('./admin/OutboxPage.svelte'),
  '/admin/audit': () => import('./admin/audit/AuditPage.svelte'),
  '/admin/erasure': () => import('./admin/ErasurePage.svelte'),
  '/admin/waits': () => import('./admin/WaitsPage.svelte'),
  '*': NotFoundPage,
  hooks: { onError: onRouteError },
} satisfies Routes;

/** Developing, or a demo: what is for looking around only is shown. */
export const isDemo =
  import.meta.env.DEV || document.querySelector('meta[name=nadi-mode]')?.getAttribute('content') === 'demo';
/** The gallery of components is for us. */
const gallery = { '/gallery': () => import('./gallery/GalleryPage.svelte') } satisfies Routes;

export const { p, navigate, isActive, preload, route } = createRouter({ ...(isDemo ? gallery : {}), ...pages });

/** The page a person starts on; of several roles the one that works at a desk. */
export function homeOf(roles: readonly Role[]): '/desk' | '/staff' | '/admin' | '/patient' {
  if (roles.includes('doctor')) return '/desk';
  if (roles.includes('staff')) return '/staff';
  return roles.includes('admin') ? '/admin' : '/patient';
}
