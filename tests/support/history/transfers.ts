import { isActive, type QueueEntry } from '../../../shared/state/queue.ts';
import { queuesOf } from './effects.ts';
import type { Found } from './types.ts';

interface Standing {
  readonly stream: string;
  readonly entry: QueueEntry;
}

/**
 * A patient is in one place at a time, over all queues. Who was sent away arrived once at the desk they were sent to, came
 * back to the first one, or had meanwhile taken a place of their own choice; nobody arrives who was not sent.
 */
export function transfersFit(found: Found): string[] {
  const wrong: string[] = [];
  const queues = queuesOf(found.events);
  const entries = new Map<string, Standing>();
  for (const [stream, { state }] of queues) {
    for (const entry of Object.values(state.entries)) {
      const twin = entries.get(entry.id);
      if (twin) wrong.push(`${stream}: entry ${entry.id} is also in ${twin.stream}`);
      entries.set(entry.id, { stream, entry });
    }
  }
  const active = new Map<string, Standing[]>();
  for (const standing of entries.values()) {
    const { entry } = standing;
    if (isActive(entry.state)) active.set(entry.patientId, [...(active.get(entry.patientId) ?? []), standing]);
  }
  for (const [patientId, own] of active) {
    if (own.length > 1) {
      const where = own.map(({ stream, entry }) => `${stream} (${entry.id}, ${entry.state})`).join(' and ');
      wrong.push(`patient ${patientId} is in ${where} at once`);
    }
  }
  for (const { stream, entry } of entries.values()) {
    if (entry.from) {
      const source = entries.get(entry.from.entryId);
      if (source?.entry.to?.entryId !== entry.id || source.entry.state !== 'transferred') {
        wrong.push(`${stream}: entry ${entry.id} came from ${entry.from.entryId}, which was not sent here`);
      }
    }
    if (entry.state !== 'transferred' || !entry.to) continue;
    const target = entries.get(entry.to.entryId);
    if (target) {
      if (target.stream !== `queue:${entry.to.sessionId}`)
        wrong.push(`${stream}: entry ${entry.id} went to ${target.stream}`);
      if (target.entry.patientId !== entry.patientId) wrong.push(`${stream}: entry ${entry.id} became another patient`);
      continue;
    }
    // The claim on another place, taken between the two steps, shows that nobody was lost.
    const chosen = found.places.some((place) => place.patientId === entry.patientId && place._id !== entry.id);
    if (!chosen) wrong.push(`${stream}: entry ${entry.id} was sent to ${entry.to.sessionId} and never came there`);
  }
  return wrong;
}
