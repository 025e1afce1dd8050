import { generateKeyPairSync } from 'node:crypto';
import type { Db } from 'mongodb';
import { readAuditKey, type RootSigner } from '../../../server/audit/chain.ts';
import { AuditLog, type AuditRecord } from '../../../server/store/Audit.ts';

export function newKey(): string {
  const { privateKey } = generateKeyPairSync('ed25519');
  return privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64');
}
export const newSigner = (): RootSigner => readAuditKey(newKey());

/** A process that writes; its clock goes on by a second with every record. */
export function writer(
  db: Db,
  signer: RootSigner,
  clock: { now: number },
  onRoot?: (record: object) => void,
): AuditLog {
  const now = (): number => (clock.now += 1_000);
  return new AuditLog({ db, now, signer, process: { hub: 'h', version: '1.0.0' }, ...(onRoot ? { onRoot } : {}) });
}

/** An operation of somebody, with its outcome. */
export async function act(log: AuditLog, n: number, code: string | null = 'OK'): Promise<void> {
  const record = { accountId: `account-${n % 7}`, role: 'doctor', action: 'queue.callNext', traceId: `trace-${n}` };
  const subject = { sessionId: 'desk', patientId: `patient-${n % 11}` };
  const step = (phase: AuditRecord['phase'], more = {}) => log.write({ ...record, phase, subject, ...more });
  await step('intent');
  if (code !== null) await step('outcome', { code });
}
