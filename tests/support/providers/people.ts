import { z } from 'zod';
import { batchFrame } from '../../../shared/contract/wire.ts';
import { notificationsState, reduceNotifications, notificationEvent } from '../../../shared/state/notifications.ts';
import { subscribed } from '../../../shared/contract/wire.ts';
import type { NoticeChannel, NoticeKind } from '../../../shared/state/notices.ts';
import type { TestClient } from '../TestClient.ts';

/** Own notifications as a client knows them: the snapshot and what came after it. */
export async function listOf(client: TestClient) {
  const key = client.signedIn.account.id;
  const start = subscribed.parse(await client.subscribe('notifications', key));
  if (start.kind !== 'snapshot') throw new Error('no snapshot');
  const begin = { seq: start.seq, state: notificationsState.parse(start.state) };
  return () =>
    client.batches
      .map((frame) => batchFrame.parse(frame))
      .filter((frame) => frame.channel === 'notifications' && frame.key === key)
      .flatMap((frame) => z.array(notificationEvent).parse(frame.events))
      .filter((event) => event.seq > begin.seq)
      .reduce((state, event) => reduceNotifications(state, event), begin.state);
}

/** Only these channels for a kind. */
export function only(kind: NoticeKind, ...channels: NoticeChannel[]) {
  const all = ['push', 'email', 'sms', 'telegram'] as const;
  return { [kind]: Object.fromEntries(all.map((channel) => [channel, channels.includes(channel)])) };
}

/** Tells one role something: the simplest way to have a notification. */
export async function announce(admin: TestClient, roles: ('patient' | 'doctor' | 'staff')[], title = 'News') {
  const texts = {
    en: { title, body: 'The clinic is closed on Monday.' },
    hi: { title: 'सूचना', body: 'सोमवार को छुट्टी है।' },
  };
  return await admin.call('announcements.publish', { texts, roles });
}
