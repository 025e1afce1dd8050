import { z } from 'zod';
import type { Effects } from '../store/Effects.ts';
import type { ConsultService } from './service.ts';

const ofEntry = z.object({ entryId: z.string() });

/** Consult rooms open and close with what happens in the queue. */
export function registerConsultEffects(effects: Effects, consults: ConsultService): void {
  const entryOf = (effect: { data: unknown }): string => ofEntry.parse(effect.data).entryId;
  effects.on('room.open', async ({ event, effect }) => await consults.open(entryOf(effect), event.seq));
  effects.on('room.close', async ({ event, effect }) => await consults.close(entryOf(effect), event.seq));
}
