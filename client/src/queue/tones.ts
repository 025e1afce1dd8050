import type { Tone } from '../ui/index.ts';
import type { CardFace } from './rules.ts';

/** The meaning a place's card takes on; none while it simply waits or is over. */
export const faceTones: Partial<Record<CardFace, Tone>> = {
  'called-video': 'called',
  'called-here': 'called',
  'meeting-video': 'consult',
  'meeting-here': 'consult',
  'on-hold': 'hold',
  skipped: 'hold',
};
