import { limits } from '../../shared/limits.ts';
import {
  emptyNotifications,
  notificationEvent,
  reduceNotifications,
  type NotificationEvent,
  type NotificationsState,
} from '../../shared/state/notifications.ts';
import type { StreamKind } from '../store/streams/index.ts';

/**
 * An account's notifications as a stream. Versions: v1 (fixtures in `tests/fixtures/events/notifications.v1.json`). What falls out of the list is
 * not needed to know it: one item takes three events at most (told, read, dismissed), so this window holds them all.
 */
export const notificationsKind: StreamKind<NotificationsState, NotificationEvent> = {
  name: 'notifications',
  event: notificationEvent,
  empty: emptyNotifications,
  reduce: reduceNotifications,
  upcast: (raw) => raw,
  window: limits.notificationsKept * 4,
};
