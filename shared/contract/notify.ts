import { z } from 'zod';
import { noticeChannel, noticeKind } from '../state/notices.ts';
import { notificationEvent, notificationsState } from '../state/notifications.ts';
import { id, instant, language, phone, type Language } from './common.ts';
import { operation, stream } from './define.ts';

export { language, type Language };

/** An IANA time zone that this runtime knows. */
export const zone = z
  .string()
  .max(64)
  .refine((name) => {
    try {
      return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
    } catch {
      return false;
    }
  }, 'no such time zone');

/** Minutes after midnight in a zone; `from` later than `to` goes over midnight; equal means all day. */
const minuteOfDay = z.int().min(0).max(1439);
export const quietHours = z.strictObject({ from: minuteOfDay, to: minuteOfDay, zone });
export type QuietHours = z.infer<typeof quietHours>;

/** Which kinds go where. Only what the person chose; the rest follows `noticeRules`. */
export const channelChoices = z.partialRecord(noticeKind, z.partialRecord(noticeChannel, z.boolean()));
export type ChannelChoices = z.infer<typeof channelChoices>;

/** One's own settings as the settings page needs them. */
export const notifyPreferences = z.object({
  /** Null until chosen. */
  language: language.nullable(),
  quiet: quietHours.nullable(),
  channels: channelChoices,
  /** What this installation can send on at all. */
  available: z.array(noticeChannel),
  email: z.string().nullable(),
  phone: z.object({ number: z.string(), verified: z.boolean() }).nullable(),
  telegram: z.object({ linkedAt: instant }).nullable(),
  /** Browsers that get push messages for this account. */
  devices: z.int().nonnegative(),
});
export type NotifyPreferences = z.infer<typeof notifyPreferences>;

const allRoles = ['patient', 'doctor', 'staff', 'admin'] as const;
const endpoint = z.url({ protocol: /^https?$/ }).max(1024);
const base64url = (max: number) =>
  z
    .string()
    .max(max)
    .regex(/^[A-Za-z0-9_-]+={0,2}$/);
const done = z.object({});

const own = (summary: string) =>
  ({ kind: 'command', summary, output: done, roles: allRoles, rate: 'write', once: 'reply', audited: true }) as const;

export const deliveryState = z.enum(['pending', 'sending', 'sent', 'dead', 'unknown', 'discarded']);
export type DeliveryState = z.infer<typeof deliveryState>;

/** A message that did not get out, for an admin: what kind it was and why, not what it said nor to whom. */
export const delivery = z.object({
  id,
  channel: noticeChannel,
  kind: z.string(),
  state: deliveryState,
  reason: z.string(),
  attempts: z.int(),
  createdAt: instant,
  updatedAt: instant,
  providerId: z.string().nullable(),
});
export type Delivery = z.infer<typeof delivery>;

/** A message as the outbox page of a demo shows it. */
export const shownMessage = z.object({
  id,
  channel: noticeChannel,
  to: z.string(),
  subject: z.string(),
  text: z.string(),
  html: z.string().nullable(),
  at: instant,
});
export type ShownMessage = z.infer<typeof shownMessage>;

export const notifyOperations = {
  'notify.read': operation({
    ...own('Mark one notification as read.'),
    input: z.strictObject({ notificationId: id }),
    once: 'stream',
    audited: false,
  }),
  'notify.readAll': operation({
    ...own('Mark everything up to a seq as read: what the person has seen.'),
    input: z.strictObject({ upTo: z.int().positive() }),
    once: 'stream',
    audited: false,
  }),
  'notify.dismiss': operation({
    ...own('Take one notification off the list.'),
    input: z.strictObject({ notificationId: id }),
    once: 'stream',
    audited: false,
  }),
  'notify.preferences': operation({
    kind: 'query',
    summary: 'How I want to be told.',
    input: z.strictObject({}),
    output: notifyPreferences,
    roles: allRoles,
    rate: 'read',
  }),
  'notify.setPreferences': operation({
    ...own('Change how I want to be told; what is left out stays as it is.'),
    input: z.strictObject({
      language: language.optional(),
      quiet: quietHours.nullable().optional(),
      channels: channelChoices.optional(),
    }),
    output: notifyPreferences,
  }),
  'notify.setPhone': operation({
    ...own('Name the phone for SMS; a code is sent to it. Unverified phones get nothing else.'),
    input: z.strictObject({ phone }),
    output: z.object({ expiresAt: instant }),
    rate: 'signIn',
    sensitive: true,
  }),
  'notify.verifyPhone': operation({
    ...own('Prove the phone by the code that was sent.'),
    input: z.strictObject({ code: z.string().regex(/^\d{6}$/) }),
    rate: 'signIn',
    sensitive: true,
  }),
  'notify.removePhone': operation({ ...own('Send no SMS any more.'), input: z.strictObject({}) }),
  'notify.vapidKey': operation({
    kind: 'query',
    summary: 'The key to subscribe to push messages with; null when this installation sends none.',
    input: z.strictObject({}),
    output: z.object({ key: z.string().nullable() }),
    roles: allRoles,
    rate: 'read',
  }),
  'notify.subscribePush': operation({
    ...own('Send push messages to this browser.'),
    input: z.strictObject({
      endpoint,
      keys: z.strictObject({ p256dh: base64url(100), auth: base64url(40) }),
      language,
    }),
    sensitive: true,
  }),
  'notify.unsubscribePush': operation({
    ...own('Send none to this browser any more.'),
    input: z.strictObject({ endpoint }),
    sensitive: true,
  }),
  'notify.telegramLink': operation({
    ...own('A one-time address that links a Telegram chat to this account.'),
    input: z.strictObject({}),
    output: z.object({ url: z.string(), expiresAt: instant }),
  }),
  'notify.telegramUnlink': operation({ ...own('Forget the Telegram chat.'), input: z.strictObject({}) }),
  'notify.outbox': operation({
    kind: 'query',
    summary: 'The last mails and SMS, where no provider is configured (demo only).',
    input: z.strictObject({ limit: z.int().min(1).max(100).default(50) }),
    output: z.object({ messages: z.array(shownMessage) }),
    roles: ['admin'],
    rate: 'read',
    audited: true,
  }),
  'notify.deadLetters': operation({
    kind: 'query',
    summary: 'Messages that were given up, or of which nobody knows whether they arrived.',
    input: z.strictObject({ limit: z.int().min(1).max(200).default(50) }),
    output: z.object({ deliveries: z.array(delivery) }),
    roles: ['admin'],
    rate: 'read',
  }),
  'notify.retryDelivery': operation({
    ...own('Send one of them again.'),
    input: z.strictObject({ deliveryId: id }),
    roles: ['admin'],
  }),
  'notify.discardDelivery': operation({
    ...own('Take one of them off the list.'),
    input: z.strictObject({ deliveryId: id }),
    roles: ['admin'],
  }),
};

export const notifyChannels = {
  notifications: stream({
    summary: 'One’s own notifications. Key: account id (one’s own).',
    roles: allRoles,
    key: id,
    snapshot: notificationsState,
    event: notificationEvent,
  }),
};
