import { z } from 'zod';
import { erasureGround } from '../../shared/contract/erasure.ts';

/** That and why a patient was erased; `_id` is the patient's. Kept for ever: it is what shows that it was done. */
export const erasureDoc = z.object({
  _id: z.string(),
  code: z.string(),
  /** Clinics the patient had been at: whose admins may see it. */
  clinicIds: z.array(z.string()),
  accountId: z.string(),
  ground: erasureGround.nullable(),
  /** Accounts that acted for the patient. */
  guardians: z.array(z.object({ accountId: z.string(), relation: z.string() })),
  at: z.number(),
  /** When to go on with it; absent once everything is done. */
  due: z.number().optional(),
});
export type ErasureDoc = z.infer<typeof erasureDoc>;
