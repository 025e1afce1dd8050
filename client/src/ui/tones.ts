import type { Tone } from './types.ts';

/** Soft background with its text colour, for badges and notes. */
export const softTone: Record<Tone, string> = {
  neutral: 'bg-sunken text-muted',
  accent: 'bg-accent-bg text-accent',
  danger: 'bg-danger-bg text-danger',
  waiting: 'bg-waiting-bg text-waiting',
  called: 'bg-called-bg text-called',
  consult: 'bg-consult-bg text-consult',
  urgent: 'bg-urgent-bg text-urgent',
  emergency: 'bg-emergency-bg text-emergency',
  done: 'bg-done-bg text-done',
  hold: 'bg-hold-bg text-hold',
};

/** Left edge of a card or row that shows a meaning. */
export const edgeTone: Record<Tone, string> = {
  neutral: 'border-l-control',
  accent: 'border-l-accent',
  danger: 'border-l-danger',
  waiting: 'border-l-waiting-line',
  called: 'border-l-called-line',
  consult: 'border-l-consult-line',
  urgent: 'border-l-urgent-line',
  emergency: 'border-l-emergency-line',
  done: 'border-l-done-line',
  hold: 'border-l-hold-line',
};
