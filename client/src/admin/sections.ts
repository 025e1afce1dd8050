import ChartNoAxesColumn from '@lucide/svelte/icons/chart-no-axes-column';
import Inbox from '@lucide/svelte/icons/inbox';
import LayoutDashboard from '@lucide/svelte/icons/layout-dashboard';
import MailX from '@lucide/svelte/icons/mail-x';
import Megaphone from '@lucide/svelte/icons/megaphone';
import BadgeCheck from '@lucide/svelte/icons/badge-check';
import Users from '@lucide/svelte/icons/users';
import ScrollText from '@lucide/svelte/icons/scroll-text';
import UserX from '@lucide/svelte/icons/user-x';
import type { Icon } from '../ui/index.ts';

/**
 * The places of administration, in the order of the navigation. To add one: a line here, its words at `admin.sections.<id>`, its route, and
 * a page whose content stands in `AdminPage`.
 */
export const sections = [
  { id: 'overview', path: '/admin', icon: LayoutDashboard },
  { id: 'people', path: '/admin/people', icon: Users },
  { id: 'verification', path: '/admin/verification', icon: BadgeCheck },
  { id: 'announcements', path: '/admin/announcements', icon: Megaphone },
  { id: 'undelivered', path: '/admin/undelivered', icon: MailX },
  { id: 'outbox', path: '/admin/messages', icon: Inbox, demo: true },
  { id: 'audit', path: '/admin/audit', icon: ScrollText },
  { id: 'erasure', path: '/admin/erasure', icon: UserX },
  { id: 'waits', path: '/admin/waits', icon: ChartNoAxesColumn },
] as const satisfies readonly { id: string; path: `/admin${string}`; icon: Icon; demo?: true }[];
export type SectionId = (typeof sections)[number]['id'];
