import { z } from 'zod';
import { limits } from '../limits.ts';
import { id, instant, line } from './common.ts';
import { operation } from './define.ts';

/** Why somebody is erased before the time for which records must be kept is over. */
export const erasureGround = z.enum(['entered-in-error', 'court-order', 'authority', 'other-law']);
export type ErasureGround = z.infer<typeof erasureGround>;

export const erasureView = z.object({
  patientId: id,
  code: z.string(),
  at: instant,
  /** Null: the time was over. */
  ground: erasureGround.nullable(),
  /** False while a step is still to be done: the copy of the keys beside the backups, or a visit that goes on. */
  complete: z.boolean(),
});
export type ErasureView = z.infer<typeof erasureView>;

/** Erasing a patient, by an admin of all clinics where they have been. */
export const erasureOperations = {
  'erasure.find': operation({
    kind: 'query',
    summary: 'A patient by their code, and whether they may be erased.',
    input: z.strictObject({ code: line(limits.codeChars) }),
    output: z.object({
      patientId: id,
      code: z.string(),
      name: z.string(),
      lastVisitAt: instant.nullable(),
      /** Records must be kept until then. */
      keptUntil: instant,
      erased: z.boolean(),
    }),
    roles: ['admin'],
    rate: 'read',
    sensitive: true,
    audited: true,
  }),
  'erasure.erase': operation({
    kind: 'command',
    summary:
      'Erase a patient for ever: their key is destroyed, name and contacts are cleared, places end, nobody acts for them any more. RETAINED while records must be kept, unless a ground is given.',
    input: z.strictObject({
      patientId: id,
      ground: erasureGround.optional(),
      /** One's own password, or a code where there is a second factor. */
      proof: z.string().min(1).max(limits.passwordChars),
    }),
    output: erasureView,
    roles: ['admin'],
    rate: 'write',
    audited: true,
    once: 'document',
  }),
  'erasure.list': operation({
    kind: 'query',
    summary: 'Erasures of patients, newest first.',
    input: z.strictObject({ limit: z.coerce.number().int().min(1).max(100).default(50) }),
    output: z.object({ erasures: z.array(erasureView) }),
    roles: ['admin'],
    rate: 'read',
    audited: true,
  }),
};
