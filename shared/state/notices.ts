import { z } from 'zod';
import { id } from '../contract/common.ts';
import { decision } from '../contract/doctors.ts';
import type { Role } from '../permissions.ts';

/**
 * What people are told about, and the ways beside the page on which they can be told. A notice carries ids and codes only: names are looked up
 * by whoever shows it, so that a rename or an erasure breaks nothing.
 */
const ofEntry = z.object({ entryId: id, sessionId: id, patientId: id, token: z.string().max(12) });
const queueNotice = <K extends string>(kind: K) => ofEntry.extend({ kind: z.literal(kind) });

/** What happened to an account, or was done in its owner's name. */
export const accountChange = z.enum([
  'password',
  'phone',
  'phoneRemoved',
  'factorOn',
  'factorOff',
  'recoveryCodes',
  'factorRemoved',
  'signedOut',
  'newDevice',
]);
export type AccountChange = z.infer<typeof accountChange>;

export const notice = z.discriminatedUnion('kind', [
  queueNotice('queue.called'),
  queueNotice('queue.next'),
  queueNotice('queue.transferred'),
  queueNotice('queue.noShow'),
  queueNotice('queue.deskPaused'),
  queueNotice('queue.deskClosed'),
  z.object({ kind: z.literal('chat.message'), threadId: id }),
  z.object({ kind: z.literal('staff.alert'), clinicId: id, alertId: id }),
  z.object({ kind: z.literal('doctor.submitted'), doctorId: id }),
  z.object({ kind: z.literal('doctor.decided'), doctorId: id, decision }),
  z.object({ kind: z.literal('announcement'), announcementId: id }),
  z.object({ kind: z.literal('system.disk') }),
  z.object({ kind: z.literal('system.certificate') }),
  z.object({ kind: z.literal('system.backup') }),
  z.object({ kind: z.literal('account.changed'), change: accountChange, changeId: id }),
]);
export type Notice = z.infer<typeof notice>;
export const noticeKind = z.enum(notice.options.map((option) => option.shape.kind.value));
export type NoticeKind = z.infer<typeof noticeKind>;
export const noticeKinds = noticeKind.options;

export const noticeChannels = ['push', 'email', 'sms', 'telegram'] as const;
export const noticeChannel = z.enum(noticeChannels);
export type NoticeChannel = z.infer<typeof noticeChannel>;

/** How one kind is treated. */
export interface NoticeRule {
  /** Whom it can concern at all: the settings show these rows. */
  readonly roles: readonly Role[];
  /** Comes through in quiet hours, and is sent again when it is unknown whether it arrived: twice is better than not at all. */
  readonly urgent: boolean;
  /** After this long it is of no use any more and is not sent, ms. */
  readonly usefulMs: number;
  /** Where it goes unless the person chose otherwise. */
  readonly defaults: readonly NoticeChannel[];
  /** Where it goes whatever the person chose. */
  readonly always?: readonly NoticeChannel[];
}

const minutes = (n: number): number => n * 60_000;
const everyone: readonly Role[] = ['patient', 'doctor', 'staff', 'admin'];

/** The installation itself needs somebody, today rather than tonight. */
const ofSystem: NoticeRule = {
  roles: ['admin'],
  urgent: false,
  usefulMs: minutes(24 * 60),
  defaults: ['push', 'email', 'telegram'],
};

export const noticeRules: Readonly<Record<NoticeKind, NoticeRule>> = {
  'queue.called': { roles: ['patient'], urgent: true, usefulMs: minutes(15), defaults: ['push', 'sms', 'telegram'] },
  'queue.next': { roles: ['patient'], urgent: false, usefulMs: minutes(30), defaults: ['push', 'telegram'] },
  'queue.transferred': { roles: ['patient'], urgent: false, usefulMs: minutes(60), defaults: ['push', 'telegram'] },
  'queue.noShow': { roles: ['patient'], urgent: false, usefulMs: minutes(240), defaults: ['push', 'sms', 'telegram'] },
  'queue.deskPaused': { roles: ['patient'], urgent: false, usefulMs: minutes(30), defaults: ['push', 'telegram'] },
  'queue.deskClosed': {
    roles: ['patient'],
    urgent: false,
    usefulMs: minutes(240),
    defaults: ['push', 'sms', 'telegram'],
  },
  'chat.message': {
    roles: ['patient', 'doctor', 'staff'],
    urgent: false,
    usefulMs: minutes(24 * 60),
    defaults: ['push', 'telegram'],
  },
  'staff.alert': { roles: ['staff'], urgent: true, usefulMs: minutes(15), defaults: ['push'] },
  'doctor.submitted': {
    roles: ['admin'],
    urgent: false,
    usefulMs: minutes(7 * 24 * 60),
    defaults: ['push', 'email'],
  },
  'doctor.decided': {
    roles: ['doctor'],
    urgent: false,
    usefulMs: minutes(7 * 24 * 60),
    defaults: ['push', 'email', 'telegram'],
  },
  announcement: {
    roles: everyone,
    urgent: false,
    usefulMs: minutes(3 * 24 * 60),
    defaults: ['push', 'email', 'telegram'],
  },
  'system.disk': ofSystem,
  'system.certificate': ofSystem,
  'system.backup': ofSystem,
  'account.changed': {
    roles: everyone,
    urgent: true,
    usefulMs: minutes(3 * 24 * 60),
    defaults: ['push', 'email', 'sms', 'telegram'],
    // Whoever got in must not be able to keep its owner from hearing of it.
    always: ['email'],
  },
};

/** Where a person is taken by a notice. The same for everybody who gets it; holds nothing personal. */
export function noticePath(of: Notice): string {
  switch (of.kind) {
    case 'staff.alert':
      return '/staff';
    case 'chat.message':
      return `/messages/${of.threadId}`;
    case 'doctor.submitted':
      return `/admin/verification/${of.doctorId}`;
    case 'doctor.decided':
      return '/application';
    case 'announcement':
    case 'system.disk':
    case 'system.certificate':
    case 'system.backup':
      return '/';
    case 'account.changed':
      return '/account';
    default:
      return '/patient';
  }
}

/** Notices of one tag replace each other while they are unread, in the list and on the device. */
export function noticeTag(of: Notice): string {
  switch (of.kind) {
    case 'chat.message':
      return `chat:${of.threadId}`;
    case 'staff.alert':
      return `alert:${of.alertId}`;
    case 'doctor.submitted':
    case 'doctor.decided':
      return `doctor:${of.doctorId}`;
    case 'announcement':
      return `announcement:${of.announcementId}`;
    case 'system.disk':
    case 'system.certificate':
    case 'system.backup':
      return of.kind;
    case 'account.changed':
      return `account:${of.changeId}`;
    default:
      return `queue:${of.entryId}`;
  }
}
