import { z } from 'zod';
import type { Effects } from '../store/Effects.ts';
import type { ConsultService } from './service.ts';

const ofEntry = z.object({ entryId: z.string() });

/** Consult rooms open and close with what happens in the queue. */
export function registerConsultEffects(effects: Effects, consults: ConsultService): void {
  effects.on('room.open', async ({ effect }) => await consults.open(ofEntry.parse(effect.data).entryId));
  effects.on('room.close', async ({ effect }) => await consults.close(ofEntry.parse(effect.data).entryId));
}
