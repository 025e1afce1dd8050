import { z } from 'zod';
import { queueEvent, type QueueEvent, type QueueState } from '../../shared/state/queue.ts';
import type { Effects } from '../store/Effects.ts';
import type { Repos } from '../store/Repos.ts';
import type { StreamsOf } from '../store/streams/index.ts';
import type { Notifier } from './Notifier.ts';
import { noticesOf } from './queueRules.ts';

const effectKind = 'notify.queue';

/** The queues, with whom each event concerns stored inside it as an effect: whoever is told, is told because it happened. */
export function tellingQueues(queues: StreamsOf<QueueState, QueueEvent>): StreamsOf<QueueState, QueueEvent> {
  return {
    ...queues,
    command: (key, command, decide) =>
      queues.command(key, command, (state, at) => {
        const decision = decide(state, at);
        // Its place is known when it is appended: any that is later than the others does here.
        const event = queueEvent.parse({ ...decision, seq: Number.MAX_SAFE_INTEGER, at, v: 1 });
        const notices = noticesOf(state, event);
        if (notices.length === 0) return decision;
        const effect = { kind: effectKind, data: { notices } };
        return { ...decision, effects: [...(decision.effects ?? []), effect] };
      }),
  };
}

const kinds = z.enum([
  'queue.called',
  'queue.next',
  'queue.transferred',
  'queue.noShow',
  'queue.deskPaused',
  'queue.deskClosed',
  'staff.alert',
]);
const concerned = z.object({
  notices: z.array(z.object({ kind: kinds, entryId: z.string(), patientId: z.string(), token: z.string() })),
});

/** Finds the people behind the entries and tells them. */
export function registerQueueNotices(effects: Effects, deps: { repos: Repos; notifier: Notifier }): void {
  const { repos, notifier } = deps;

  effects.on(effectKind, async ({ event, effect }) => {
    const { notices } = concerned.parse(effect.data);
    const sessionId = event.stream.slice(event.stream.indexOf(':') + 1);
    for (const { kind, ...entry } of notices) {
      // One is next once; called, paused and so on as often as it happens.
      const cause = kind === 'queue.next' ? `next:${entry.entryId}` : `${event._id}:${kind}:${entry.entryId}`;
      if (kind === 'staff.alert') await tellStaff(sessionId, entry.entryId, cause, event.by.accountId);
      else await tellGuardians({ kind, sessionId, ...entry }, cause);
    }
  });

  async function tellGuardians(
    notice: Parameters<Notifier['notify']>[0]['notice'] & { patientId: string },
    cause: string,
  ): Promise<void> {
    const patient = await repos.patients.get(notice.patientId);
    for (const { accountId } of patient?.guardians ?? []) await notifier.notify({ accountId, notice, cause });
  }

  /** All but who did it. */
  async function tellStaff(sessionId: string, alertId: string, cause: string, by: string): Promise<void> {
    const session = await repos.deskSessions.get(sessionId);
    if (!session) return;
    const staff = await repos.accounts.many({ roles: 'staff', clinicIds: session.clinicId });
    for (const { _id: accountId } of staff) {
      if (accountId === by) continue;
      await notifier.notify({ accountId, cause, notice: { kind: 'staff.alert', clinicId: session.clinicId, alertId } });
    }
  }
}
