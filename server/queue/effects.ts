import { z } from 'zod';
import type { Effects } from '../store/Effects.ts';
import type { Repos } from '../store/Repos.ts';
import type { StoredEvent } from '../store/streams/index.ts';
import { derivedId } from '../support/ids.ts';
import type { Places } from './Places.ts';

/** One visit per entry: the id derives from it, so that opening twice collides. */
export function encounterIdOf(entryId: string): string {
  return derivedId('encounter', entryId);
}

const ofEntry = z.object({ entryId: z.string() });
const ofTransfer = z.object({ entryId: z.string(), to: z.object({ sessionId: z.string(), entryId: z.string() }) });

export interface QueueEffectDeps {
  readonly repos: Repos;
  readonly places: Places;
  /** A desk closed: lobbies change. */
  readonly onDesksChanged: (clinicId: string) => void;
}

/** What follows from queue events beside the queue: the encounter, the freed place, the place at another desk. */
export function registerQueueEffects(effects: Effects, deps: QueueEffectDeps): void {
  const { repos, places } = deps;

  /** Effects may be carried out late and in any order: the one that stands later in the stream wins. */
  const setEncounter = async (entryId: string, event: StoredEvent, change: Record<string, unknown>): Promise<void> => {
    const _id = encounterIdOf(entryId);
    const older = { $or: [{ seq: { $exists: false } }, { seq: { $lt: event.seq } }] };
    if (await repos.encounters.update({ _id, ...older }, { $set: { ...change, seq: event.seq } })) return;
    // The opening effect may still be under way, or have been done between the two looks: try again later.
    const there = await repos.encounters.get(_id);
    if (!there || (there.seq ?? 0) < event.seq) throw new Error('the encounter is not open yet');
  };

  effects.on('encounter.open', async ({ event, effect }) => {
    const { entryId } = ofEntry.parse(effect.data);
    const claim = await repos.places.get(entryId);
    if (!claim) throw new Error('the claim of a started entry is missing');
    const { sessionId, patientId, doctorId, mode } = claim;
    const entry = await places.entry(sessionId, entryId);
    const calledAt = entry?.skips === 0 ? entry.calledAt : null;
    const opened = await repos.encounters.insert({
      _id: encounterIdOf(entryId),
      entryId,
      sessionId,
      patientId,
      doctorId,
      mode,
      status: 'in-progress',
      ...(calledAt === null ? {} : { calledAt }),
      startedAt: event.at,
      endedAt: null,
      seq: event.seq,
    });
    // Begun again after a hold or an undo: the visit goes on.
    if (!opened) await setEncounter(entryId, event, { status: 'in-progress', endedAt: null });
  });
  effects.on('encounter.close', async ({ event, effect }) => {
    await setEncounter(ofEntry.parse(effect.data).entryId, event, { status: 'completed', endedAt: event.at });
  });
  effects.on('encounter.void', async ({ event, effect }) => {
    await setEncounter(ofEntry.parse(effect.data).entryId, event, { status: 'void', endedAt: event.at });
  });

  effects.on('place.release', async ({ event, effect }) => {
    await places.releaseIfOver(sessionOf(event), ofEntry.parse(effect.data).entryId, event.seq);
  });
  effects.on('place.transfer', async ({ event, effect }) => {
    const { entryId, to } = ofTransfer.parse(effect.data);
    await places.transfer(entryId, to, event);
  });

  effects.on('desk.close', async ({ event }) => {
    const sessionId = sessionOf(event);
    await repos.deskSessions.update(
      { _id: sessionId },
      { $set: { status: 'closed', closedAt: event.at }, $unset: { openFor: '' } },
    );
    const session = await repos.deskSessions.get(sessionId);
    if (session) deps.onDesksChanged(session.clinicId);
  });
}

/** `queue:<session id>` */
function sessionOf(event: StoredEvent): string {
  return event.stream.slice(event.stream.indexOf(':') + 1);
}
