import { batchFrame } from '../../../shared/contract/wire.ts';
import { chatEvent, chatState, type ChatEvent, type ChatState } from '../../../shared/state/chat.ts';
import type { TestHub } from '../../support/hub.ts';
import type { TestClient } from '../../support/TestClient.ts';
import { until } from '../../support/until.ts';

/** A patient with a place at a doctor of the demo clinic. */
export interface Visit {
  readonly sessionId: string;
  readonly entryId: string;
  readonly clinicId: string;
}

/** The patient takes a place; one they have already is given up. */
export async function takePlace(hub: TestHub, patient: TestClient, doctor = 0): Promise<Visit> {
  const { places } = await patient.call('queue.history', { limit: 20 });
  for (const place of places) {
    if (place.state === 'waiting') await patient.call('queue.leave', { entryId: place.entryId });
  }
  const staff = await hub.as('staff');
  const { sessions } = await staff.call('queue.sessions', {});
  const own = await (await hub.as(doctor === 0 ? 'doctor' : 'doctor2')).call('queue.sessions', {});
  const session = own.sessions[0];
  if (!session || !sessions.some((one) => one.id === session.id)) throw new Error('no desk is open');
  const patientId = patient.signedIn.account.patients[0]?.id ?? '';
  const wish = { sessionId: session.id, patientId, mode: 'video', reason: 'Cough' } as const;
  const { entryId } = await patient.call('queue.join', wish);
  return { sessionId: session.id, entryId, clinicId: session.clinicId };
}

/** What a newcomer is given. */
export async function snapshot(client: TestClient, threadId: string): Promise<{ seq: number; state: ChatState }> {
  const start = await client.subscribe('chat', threadId);
  if (start.kind !== 'snapshot') throw new Error('no snapshot');
  return { seq: start.seq, state: chatState.parse(start.state) };
}

/** Events that reached a client live, waiting for one. */
export async function heard(
  client: TestClient,
  threadId: string,
  wanted: (event: ChatEvent) => boolean,
  what: string,
): Promise<ChatEvent> {
  return await until(what, () =>
    client.batches
      .map((frame) => batchFrame.parse(frame))
      .filter((frame) => frame.channel === 'chat' && frame.key === threadId)
      .flatMap((frame) => frame.events.map((event) => chatEvent.parse(event)))
      .find(wanted),
  );
}
