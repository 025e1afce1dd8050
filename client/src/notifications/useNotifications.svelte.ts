import { untrack } from 'svelte';
import { SvelteMap } from 'svelte/reactivity';
import type { AccountView } from '../../../shared/contract/accounts.ts';
import type { AnnouncementView } from '../../../shared/contract/announcements.ts';
import { unreadCount, type NotificationItem } from '../../../shared/state/notifications.ts';
import { locale } from '../i18n/index.svelte.ts';
import { hub, useStream } from '../lib/index.ts';
import type { NoticeNames } from './words.ts';

/** One's own notifications, live, with the names they need. Call while a component initialises. */
export function useNotifications(account: () => AccountView) {
  const stream = useStream('notifications', () => account().id);
  let announcements = $state.raw<readonly AnnouncementView[]>([]);

  const items: readonly NotificationItem[] = $derived(stream.state ? stream.state.items.toReversed() : []);
  const wanted = $derived(
    items.flatMap(({ notice }) => (notice.kind === 'announcement' ? [notice.announcementId] : [])).join(' '),
  );
  $effect(() => {
    if (wanted === '' || !hub.live) return;
    untrack(() => {
      void hub.request('announcements.mine', {}).then(
        (found) => (announcements = found.announcements),
        // What they say is in the list as “news”; the next change asks again.
        () => undefined,
      );
    });
  });

  const names: NoticeNames = $derived({
    patients: new SvelteMap(account().patients.map((patient) => [patient.id, patient.name])),
    announcements: new SvelteMap(announcements.map((one) => [one.id, wordsOf(one).title])),
  });
  const unread = $derived(stream.state ? unreadCount(stream.state) : 0);

  return {
    stream,
    /** Newest first. */
    get items() {
      return items;
    },
    get unread() {
      return unread;
    },
    get names() {
      return names;
    },
    /** Announcements that are unread, newest first, with what they say. */
    get news() {
      const unreadIds = new Map(
        items.flatMap(({ id, read, notice }) =>
          !read && notice.kind === 'announcement' ? [[notice.announcementId, id] as const] : [],
        ),
      );
      return announcements.flatMap((one) => {
        const notificationId = unreadIds.get(one.id);
        return notificationId === undefined ? [] : [{ id: one.id, notificationId, ...wordsOf(one) }];
      });
    },
    async read(notificationId: string): Promise<void> {
      await hub.request('notify.read', { notificationId }).catch(() => undefined);
    },
    async readAll(): Promise<void> {
      if (stream.seq > 0) await hub.request('notify.readAll', { upTo: stream.seq }).catch(() => undefined);
    },
    async dismiss(notificationId: string): Promise<void> {
      await hub.request('notify.dismiss', { notificationId }).catch(() => undefined);
    },
  };
}
export type Notifications = ReturnType<typeof useNotifications>;

export function wordsOf({ texts }: AnnouncementView): { title: string; body: string } {
  return (locale.current === 'hi' ? texts.hi : null) ?? texts.en;
}
