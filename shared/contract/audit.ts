import { z } from 'zod';
import { id, instant } from './common.ts';
import { operation } from './define.ts';

/** One record as an admin reads it: who did what to whose data, from where, and what came of it. */
export const auditView = z.object({
  id: z.string(),
  at: instant,
  actor: z.object({
    /** An account, `visitor` without one, `system` by itself. */
    id: z.string(),
    /** Null when it is none, or is gone. */
    name: z.string().nullable(),
    role: z.string(),
    /** The sign-in it was done from. */
    signInId: z.string().nullable(),
  }),
  operation: z.string(),
  phase: z.string(),
  /** `OK` or an error code; null for what has none. */
  outcome: z.string().nullable(),
  patient: z.object({ id: z.string(), code: z.string().nullable(), name: z.string().nullable() }).nullable(),
  resource: z.object({ kind: z.string(), id: z.string().nullable() }).nullable(),
  traceId: z.string(),
});
export type AuditView = z.infer<typeof auditView>;

/** Where a page of the log ended. */
export const auditCursor = z.strictObject({ at: instant, id: z.string().max(80) });

const filters = z.strictObject({
  patientId: id.optional(),
  /** `ND-…`, instead of the id. */
  patientCode: z.string().trim().toUpperCase().max(20).optional(),
  actorId: z.string().max(60).optional(),
  /** Of an account, instead of the id. */
  actorEmail: z.string().trim().toLowerCase().max(254).optional(),
  operation: z.string().trim().max(60).optional(),
  /** A code, or `refused` for everything but OK. */
  outcome: z
    .string()
    .regex(/^[A-Za-z_]{1,40}$/)
    .optional(),
  from: instant.optional(),
  to: instant.optional(),
  cursor: auditCursor.optional(),
  limit: z.int().min(1).max(200).default(50),
});

export const auditOperations = {
  'audit.search': operation({
    kind: 'query',
    summary: 'Who read or changed what, newest first. Of a patient also who watched the queues they stood in.',
    input: filters,
    output: z.object({ records: z.array(auditView), next: auditCursor.nullable() }),
    roles: ['admin'],
    rate: 'read',
    sensitive: true,
    audited: true,
  }),
  'audit.state': operation({
    kind: 'query',
    summary: 'The last signed root of every process, newest first: how far the log is sealed.',
    input: z.strictObject({ before: instant.optional(), limit: z.coerce.number().int().min(1).max(500).default(20) }),
    output: z.object({
      /** Ed25519, SPKI DER, base64: of this hub. */
      publicKey: z.string(),
      /** As they stand in the log; each verifies by itself with the public key. */
      roots: z.array(z.record(z.string(), z.unknown())),
      /** When all of the log was last verified, and what was found; null: not yet by this hub. */
      verified: z.object({ at: instant, upTo: instant, records: z.int(), faults: z.int() }).nullable(),
    }),
    roles: ['admin'],
    rate: 'read',
    audited: true,
  }),
};
