import { z } from 'zod';
import { limits } from '../limits.ts';
import { id, instant, line, role, text } from './common.ts';
import { operation } from './define.ts';

const words = z.strictObject({ title: line(limits.announcementTitleChars), body: text(limits.announcementBodyChars) });
/** English always; Hindi readers get English where there is no Hindi. */
export const announcementTexts = z.strictObject({ en: words, hi: words.nullable() });
export type AnnouncementTexts = z.infer<typeof announcementTexts>;

export const announcementView = z.object({
  id,
  texts: z.object({
    en: z.object({ title: z.string(), body: z.string() }),
    hi: z.object({ title: z.string(), body: z.string() }).nullable(),
  }),
  roles: z.array(role),
  /** Null: the whole installation. */
  clinicId: id.nullable(),
  publishedAt: instant,
  withdrawnAt: instant.nullable(),
  /** How many accounts have been told so far; for its author's side only. */
  told: z.int().nonnegative().optional(),
});
export type AnnouncementView = z.infer<typeof announcementView>;

export const announcementOperations = {
  'announcements.publish': operation({
    kind: 'command',
    summary: 'Tell everyone of some roles, of one clinic or of all; staff of one of their own clinics.',
    input: z.strictObject({
      texts: announcementTexts,
      roles: z.array(role).min(1).max(4),
      clinicId: id.nullable().default(null),
    }),
    output: z.object({ announcementId: id }),
    roles: ['staff', 'admin'],
    permission: 'announcements',
    rate: 'write',
    audited: true,
    once: 'reply',
  }),
  'announcements.withdraw': operation({
    kind: 'command',
    summary: 'Take an announcement back: it leaves everybody’s list.',
    input: z.strictObject({ announcementId: id }),
    output: z.object({}),
    roles: ['staff', 'admin'],
    permission: 'announcements',
    rate: 'write',
    audited: true,
    once: 'reply',
  }),
  'announcements.list': operation({
    kind: 'query',
    summary: 'What was announced, newest first, withdrawn ones too.',
    input: z.strictObject({ limit: z.int().min(1).max(100).default(50) }),
    output: z.object({ announcements: z.array(announcementView) }),
    roles: ['staff', 'admin'],
    permission: 'announcements',
    rate: 'read',
  }),
  'announcements.mine': operation({
    kind: 'query',
    summary: 'What was announced to me and stands.',
    input: z.strictObject({}),
    output: z.object({ announcements: z.array(announcementView) }),
    roles: ['patient', 'doctor', 'staff', 'admin'],
    rate: 'read',
  }),
};
