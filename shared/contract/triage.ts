import { z } from 'zod';
import { limits } from '../limits.ts';
import { instant, priority, text } from './common.ts';

const reading = (low: number, high: number) => z.number().min(low).max(high);

/** Measured before the consultation; every one is optional. Bounds refuse slips of the hand, not sick people. */
export const vitals = z.strictObject({
  /** °C */
  temperature: reading(25, 45).optional(),
  /** Beats per minute. */
  pulse: reading(20, 300).optional(),
  /** mmHg */
  systolic: reading(40, 300).optional(),
  /** mmHg */
  diastolic: reading(20, 200).optional(),
  /** Breaths per minute. */
  respiration: reading(4, 80).optional(),
  /** SpO₂, percent. */
  oxygen: reading(40, 100).optional(),
  /** mg/dL, capillary. */
  glucose: reading(10, 1000).optional(),
  /** kg */
  weight: reading(0.3, 400).optional(),
  /** cm */
  height: reading(20, 250).optional(),
  /** 0 none … 10 worst imaginable. */
  pain: z.int().min(0).max(10).optional(),
});
export type Vitals = z.infer<typeof vitals>;

export const triageNote = text(limits.triageNoteChars);

/** A nurse's look at somebody who waits. */
export const triageRecord = z.object({
  vitals,
  note: z.string().nullable(),
  priority,
  at: instant,
  by: z.string(),
});
export type TriageRecord = z.infer<typeof triageRecord>;
