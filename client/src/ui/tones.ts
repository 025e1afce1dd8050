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

/** A surface that shows a meaning: soft background and a border that reaches 3:1. */
export const surfaceTone: Record<Tone, string> = {
  neutral: 'border-control bg-surface',
  accent: 'border-accent bg-accent-bg',
  danger: 'border-danger bg-danger-bg',
  waiting: 'border-waiting-line bg-waiting-bg',
  called: 'border-called-line bg-called-bg',
  consult: 'border-consult-line bg-consult-bg',
  urgent: 'border-urgent-line bg-urgent-bg',
  emergency: 'border-emergency-line bg-emergency-bg',
  done: 'border-done-line bg-done-bg',
  hold: 'border-hold-line bg-hold-bg',
};
