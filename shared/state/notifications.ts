import { z } from 'zod';
import { id, instant } from '../contract/common.ts';
import { assertUnreachable } from '../errors.ts';
import { limits } from '../limits.ts';
import { notice } from './notices.ts';

/** One account's notifications: what its events are and what they add up to; the newest only. */
export const notificationItem = z.object({
  id,
  seq: z.int().positive(),
  at: instant,
  notice,
  tag: z.string(),
  read: z.boolean(),
  /** How many notices of this tag stand behind it, unread. */
  count: z.int().positive(),
});
export type NotificationItem = z.infer<typeof notificationItem>;

export const notificationsState = z.object({
  /** Oldest first, at most `limits.notificationsKept`. */
  items: z.array(notificationItem),
});
export type NotificationsState = z.infer<typeof notificationsState>;

const envelope = { seq: z.int().positive(), at: instant, v: z.literal(1) };
const event = <T extends string, D extends z.ZodType>(type: T, data: D) =>
  z.object({ ...envelope, type: z.literal(type), data });

export const notificationEvent = z.discriminatedUnion('type', [
  event('notified', z.object({ notificationId: id, notice, tag: z.string().max(80) })),
  event('read', z.object({ notificationId: id })),
  /** Everything up to and including this seq. */
  event('allRead', z.object({ upTo: z.int().positive() })),
  event('dismissed', z.object({ notificationId: id })),
]);
export type NotificationEvent = z.infer<typeof notificationEvent>;

export const emptyNotifications: NotificationsState = { items: [] };

/** The list after one event. Pure. What it does not hold any more it ignores. */
export function reduceNotifications(state: NotificationsState, event: NotificationEvent): NotificationsState {
  const { items } = state;
  switch (event.type) {
    case 'notified': {
      const { notificationId, notice, tag } = event.data;
      const before = items.find((item) => item.tag === tag && !item.read);
      const item: NotificationItem = {
        id: notificationId,
        seq: event.seq,
        at: event.at,
        notice,
        tag,
        read: false,
        count: (before?.count ?? 0) + 1,
      };
      return { items: [...items.filter((one) => one !== before), item].slice(-limits.notificationsKept) };
    }
    case 'read':
      return marked(items, (item) => item.id === event.data.notificationId);
    case 'allRead':
      return marked(items, (item) => item.seq <= event.data.upTo);
    case 'dismissed':
      return { items: items.filter((item) => item.id !== event.data.notificationId) };
    default:
      return assertUnreachable(event);
  }
}

function marked(items: readonly NotificationItem[], which: (item: NotificationItem) => boolean): NotificationsState {
  return { items: items.map((item) => (which(item) && !item.read ? { ...item, read: true } : item)) };
}

export function unreadCount(state: NotificationsState): number {
  return state.items.filter((item) => !item.read).length;
}
