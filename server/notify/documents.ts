import { z } from 'zod';
import { role } from '../../shared/contract/common.ts';
import { announcementTexts } from '../../shared/contract/announcements.ts';
import { channelChoices, deliveryState, language } from '../../shared/contract/notify.ts';
import { notice, noticeChannel } from '../../shared/state/notices.ts';

/** In place of an account: a message to a number or an address of which nobody has asked whose it is. */
export const nobody = '';

/** How one account wants to be told. `_id` is the account id. */
export const notifySettings = z.object({
  _id: z.string(),
  language: language.nullable(),
  quiet: z.object({ from: z.int(), to: z.int(), zone: z.string() }).nullable(),
  channels: channelChoices,
  /** E.164. */
  phone: z.object({ number: z.string(), verifiedAt: z.number().nullable() }).nullable(),
  telegram: z.object({ chatId: z.string(), linkedAt: z.number() }).nullable(),
  /** Compare-and-set. */
  version: z.int(),
});
export type NotifySettings = z.infer<typeof notifySettings>;

/** A browser that gets push messages. `_id` derives from the endpoint: a browser belongs to one account at a time. */
export const pushDevice = z.object({
  _id: z.string(),
  accountId: z.string(),
  endpoint: z.string(),
  keys: z.object({ p256dh: z.string(), auth: z.string() }),
  language,
  createdAt: z.number(),
});
export type PushDevice = z.infer<typeof pushDevice>;

/** Messages to one person that are no notices: they carry a proof and go one way only. */
export const directKinds = [
  'account.verifyEmail',
  'account.resetPassword',
  'account.otp',
  'account.verifyPhone',
  'account.invited',
  'account.signUp',
  'account.exists',
] as const;
export const directMessage = z.object({
  kind: z.enum(directKinds),
  challengeId: z.string(),
  language: language.optional(),
});
export type DirectMessage = z.infer<typeof directMessage>;
export const message = z.union([notice, directMessage]);
export type Message = z.infer<typeof message>;
export type MessageKind = Message['kind'];

/**
 * One message on its way to one address. `_id` derives from (notification, channel, device), so that it exists once. Holds ids and codes: names,
 * addresses and secrets are looked up when it is sent.
 */
export const deliveryDoc = z.object({
  _id: z.string(),
  accountId: z.string(),
  channel: noticeChannel,
  /** A push device; empty for the other channels. */
  target: z.string(),
  /** What the device is told about: the notification's id. */
  notificationId: z.string(),
  message,
  urgent: z.boolean(),
  state: deliveryState,
  attempts: z.int(),
  reason: z.string(),
  providerId: z.string().nullable(),
  /** What the provider reported later, e.g. `delivered`. */
  providerStatus: z.string().nullable(),
  createdAt: z.number(),
  updatedAt: z.number(),
  /** Of no use after this. */
  expiresAt: z.number(),
  /** When to look at it: to send, or because who was sending it is gone. Absent when nothing is to be done. */
  due: z.number().optional(),
  /** Old ones leave the database. */
  forgetAt: z.date(),
});
export type DeliveryDoc = z.infer<typeof deliveryDoc>;

/** What the outbox page of a demo shows; leaves the database after a day. */
export const shownMessageDoc = z.object({
  _id: z.string(),
  channel: noticeChannel,
  to: z.string(),
  subject: z.string(),
  text: z.string(),
  html: z.string().nullable(),
  at: z.number(),
  forgetAt: z.date(),
});

/** A proof somebody was asked for. The code itself is nowhere: it derives from the id and the installation's secret. */
export const challenge = z.object({
  _id: z.string(),
  purpose: z.enum(['phone', 'telegram', 'email', 'password', 'otp', 'invite']),
  accountId: z.string(),
  /** What is proved: a phone number, an email address; empty when the account says it all. */
  target: z.string(),
  attempts: z.int(),
  state: z.enum(['open', 'used']),
  createdAt: z.number(),
  expiresAt: z.number(),
  forgetAt: z.date(),
});
export type Challenge = z.infer<typeof challenge>;

export const announcementDoc = z.object({
  _id: z.string(),
  texts: announcementTexts,
  roles: z.array(role),
  clinicId: z.string().nullable(),
  publishedBy: z.string(),
  publishedAt: z.number(),
  withdrawnAt: z.number().nullable(),
  /** What is still to be told to whom: after which account, and whether it is its coming or its going. */
  telling: z.object({ what: z.enum(['publish', 'withdraw']), after: z.string(), due: z.number() }).optional(),
  told: z.int(),
});
export type AnnouncementDoc = z.infer<typeof announcementDoc>;
