import type { Outcome } from '../gateways/types.ts';
import type { AuditRecord } from '../store/Audit.ts';
import type { DeliveryDoc } from './documents.ts';

/** That a message about somebody was handed to a channel: to whom, about what, and what became of it; ids only. */
export function sentRecord(one: DeliveryDoc, outcome: Outcome['kind']): AuditRecord {
  const { message } = one;
  const about = 'patientId' in message ? { patientId: message.patientId, entryId: message.entryId } : {};
  const thread = 'threadId' in message ? { threadId: message.threadId } : {};
  return {
    ...{ accountId: 'system', role: 'system', action: `notify.${one.channel}`, phase: 'outcome' },
    code: outcome === 'sent' ? 'OK' : outcome.toUpperCase(),
    subject: { ...about, ...thread, ofAccountId: one.accountId, resource: 'delivery', resourceId: one._id },
    traceId: one.notificationId,
  };
}
