import type { Key } from '../i18n/index.svelte.ts';
import type { Icon, Tone } from './types.ts';
import ArrowRightLeft from '@lucide/svelte/icons/arrow-right-left';
import Ban from '@lucide/svelte/icons/ban';
import BellRing from '@lucide/svelte/icons/bell-ring';
import CircleCheck from '@lucide/svelte/icons/circle-check';
import Clock from '@lucide/svelte/icons/clock';
import Hourglass from '@lucide/svelte/icons/hourglass';
import Pause from '@lucide/svelte/icons/pause';
import Siren from '@lucide/svelte/icons/siren';
import SkipForward from '@lucide/svelte/icons/skip-forward';
import Stethoscope from '@lucide/svelte/icons/stethoscope';
import TriangleAlert from '@lucide/svelte/icons/triangle-alert';
import UserX from '@lucide/svelte/icons/user-x';

/** How a state of a queue entry looks: always icon + word + colour. */
export interface Look {
  tone: Tone;
  icon: Icon;
  label: Key;
}

export const entryLooks = {
  waiting: { tone: 'waiting', icon: Hourglass, label: 'states.entry.waiting' },
  called: { tone: 'called', icon: BellRing, label: 'states.entry.called' },
  'in-consultation': { tone: 'consult', icon: Stethoscope, label: 'states.entry.in-consultation' },
  'on-hold': { tone: 'hold', icon: Pause, label: 'states.entry.on-hold' },
  'awaiting-recall': { tone: 'hold', icon: Clock, label: 'states.entry.awaiting-recall' },
  done: { tone: 'done', icon: CircleCheck, label: 'states.entry.done' },
  skipped: { tone: 'neutral', icon: SkipForward, label: 'states.entry.skipped' },
  'no-show': { tone: 'neutral', icon: UserX, label: 'states.entry.no-show' },
  cancelled: { tone: 'neutral', icon: Ban, label: 'states.entry.cancelled' },
  transferred: { tone: 'neutral', icon: ArrowRightLeft, label: 'states.entry.transferred' },
} as const satisfies Record<string, Look>;

export type EntryStateName = keyof typeof entryLooks;

const hasLook = (name: string): name is EntryStateName => Object.hasOwn(entryLooks, name);

/** Every state that has a look. */
export const entryStateNames = Object.keys(entryLooks).filter(hasLook);

export const priorityLooks = {
  urgent: { tone: 'urgent', icon: TriangleAlert, label: 'states.priority.urgent' },
  emergency: { tone: 'emergency', icon: Siren, label: 'states.priority.emergency' },
} as const satisfies Record<string, Look>;

/** `normal` has no look of its own: nothing is shown for it. */
export type PriorityName = 'normal' | keyof typeof priorityLooks;
