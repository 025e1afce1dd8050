import { z } from 'zod';
import type { Effects } from '../store/Effects.ts';
import type { Repos } from '../store/Repos.ts';
import { derivedId } from '../support/ids.ts';
import type { Places } from './Places.ts';

/** One visit per entry: the id derives from it, so that opening twice collides. */
export function encounterIdOf(entryId: string): string {
  return derivedId('encounter', entryId);
}

const ofEntry = z.object({ entryId: z.string() });

/** What follows from queue events beside the queue: the encounter, and the freed place. */
export function registerQueueEffects(effects: Effects, deps: { repos: Repos; places: Places }): void {
  const { repos, places } = deps;

  effects.on('encounter.open', async ({ event }) => {
    const { entryId } = ofEntry.parse(event.data);
    const claim = await repos.places.get(entryId);
    if (!claim) throw new Error('the claim of a started entry is missing');
    const { sessionId, patientId, doctorId, mode } = claim;
    await repos.encounters.insert({
      _id: encounterIdOf(entryId),
      entryId,
      sessionId,
      patientId,
      doctorId,
      mode,
      status: 'in-progress',
      startedAt: event.at,
      endedAt: null,
    });
  });

  effects.on('encounter.close', async ({ event }) => {
    const { entryId } = ofEntry.parse(event.data);
    const closed = await repos.encounters.update(
      { _id: encounterIdOf(entryId) },
      { $set: { status: 'completed', endedAt: event.at } },
    );
    // The opening effect may still be under way after a crash: try again later.
    if (!closed) throw new Error('the encounter is not open yet');
  });

  effects.on('place.release', async ({ effect }) => {
    await places.release(ofEntry.parse(effect.data).entryId);
  });
}
