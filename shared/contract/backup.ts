import { z } from 'zod';
import { instant } from './common.ts';
import { operation } from './define.ts';

/** Why a backup failed: where it is kept cannot be used, the database or a stored one is damaged, a key is missing, anything else. */
export const backupFault = z.enum(['target', 'damaged', 'torn', 'key', 'newer', 'missing', 'notEmpty', 'other']);

export const backupStatus = z.object({
  /** Where backups go, without secrets; null: nothing is backed up. */
  target: z.string().nullable(),
  running: z.boolean(),
  nextAt: instant.nullable(),
  /** The newest good one. */
  last: z.object({ at: instant, seconds: z.number().nonnegative(), bytes: z.number().nonnegative() }).nullable(),
  /** The newest failure, when nothing good came after it. */
  failed: z.object({ at: instant, fault: backupFault }).nullable(),
  /** When one was last read back whole, and whether every byte was right. */
  verified: z.object({ at: instant, good: z.boolean() }).nullable(),
  /** The newest good one is older than a day and a half. */
  late: z.boolean(),
});
export type BackupStatus = z.infer<typeof backupStatus>;

export const backupOperations = {
  'backup.status': operation({
    kind: 'query',
    summary: 'How the backups stand.',
    input: z.strictObject({}),
    output: backupStatus,
    roles: ['admin'],
    rate: 'read',
  }),
  'backup.start': operation({
    kind: 'command',
    summary: 'Back up now. Answers at once; the status tells how it went.',
    input: z.strictObject({}),
    output: z.object({}),
    roles: ['admin'],
    rate: 'write',
    audited: true,
    once: 'document',
  }),
};
