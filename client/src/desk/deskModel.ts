import type { Directory, Triages } from '../../../shared/contract/queueViews.ts';
import type { TriageRecord } from '../../../shared/contract/triage.ts';
import type { Gender, Priority } from '../../../shared/contract/common.ts';
import {
  atDesk,
  isActive,
  tokenLabel,
  waitingOrder,
  type QueueEntry,
  type QueueState,
} from '../../../shared/state/queue.ts';

/** One line of a desk's list: where somebody stands (stream), who they are (directory), and what was found (triages). */
export interface DeskRow {
  readonly id: string;
  readonly entry: QueueEntry;
  /** `A-017` */
  readonly token: string;
  /** Null while the directory has not caught up with the stream. */
  readonly name: string | null;
  readonly code: string | null;
  readonly gender: Gender | null;
  readonly birthYear: number | null;
  readonly phone: string | null;
  readonly reason: string | null;
  readonly triage: TriageRecord | null;
  /** The doctor who sent them here. */
  readonly transferredBy: string | null;
}

export interface DeskView {
  /** In the order in which they will be called. */
  readonly waiting: readonly DeskRow[];
  /** Called or in consultation. */
  readonly current: DeskRow | null;
  /** Set aside for a while, the longest first. */
  readonly held: readonly DeskRow[];
  /** Called in vain, most recent call first: those may be standing at the door now. */
  readonly skipped: readonly DeskRow[];
  /** Over, whatever the reason; last one first. */
  readonly past: readonly DeskRow[];
  /** How many of the waiting are urgent or an emergency. */
  readonly urgent: number;
  /** What `queue.callNext` must name as `seen`. */
  readonly seen: string | null;
  readonly pause: QueueState['pause'];
  readonly closedAt: number | null;
}

function rowOf(entry: QueueEntry, directory: Directory | null, triages: Triages | null): DeskRow {
  const person = directory?.entries[entry.id];
  return {
    id: entry.id,
    entry,
    token: tokenLabel(entry.token),
    name: person?.name ?? null,
    code: person?.code ?? null,
    gender: person?.gender ?? null,
    birthYear: person?.birthYear ?? null,
    phone: person?.phone ?? null,
    reason: person?.reason ?? null,
    triage: triages?.entries[entry.id] ?? null,
    transferredBy: person?.transferredBy ?? null,
  };
}

/**
 * The desk as it is drawn, from the queue stream, the directory (null until it has arrived) and what nurses found (null also for who is
 * not trusted with it).
 */
export function deskView(queue: QueueState, directory: Directory | null, triages: Triages | null = null): DeskView {
  const rows = (entries: QueueEntry[]) => entries.map((entry) => rowOf(entry, directory, triages));
  const inState = (state: QueueEntry['state']) => Object.values(queue.entries).filter((entry) => entry.state === state);
  const over = Object.values(queue.entries).filter((entry) => !isActive(entry.state));
  const latest = (at: 'calledAt' | 'endedAt') => (a: QueueEntry, b: QueueEntry) =>
    (b[at] ?? 0) - (a[at] ?? 0) || b.token - a.token;
  const current = atDesk(queue);
  const waiting = rows(waitingOrder(queue));
  return {
    waiting,
    current: current && rowOf(current, directory, triages),
    held: rows(inState('on-hold').sort((a, b) => (a.heldAt ?? 0) - (b.heldAt ?? 0) || a.token - b.token)),
    skipped: rows(inState('skipped').sort(latest('calledAt'))),
    past: rows(over.sort(latest('endedAt'))),
    urgent: waiting.filter((row) => row.entry.priority !== 'normal').length,
    seen: queue.current,
    pause: queue.pause,
    closedAt: queue.closedAt,
  };
}

/** Every row of the view once, in the order of the screen. */
export function allRows(view: DeskView): DeskRow[] {
  return [...(view.current ? [view.current] : []), ...view.waiting, ...view.held, ...view.skipped, ...view.past];
}

/** Whole minutes from one instant to another, never negative (clocks differ), never NaN. */
export function minutesBetween(from: number, to: number): number {
  return Math.max(0, Math.floor((to - from) / 60_000));
}

/** How long somebody has been (or was) waiting for the doctor, in whole minutes. */
export function minutesWaited(entry: QueueEntry, now: number): number {
  return minutesBetween(entry.joinedAt, entry.startedAt ?? entry.endedAt ?? now);
}

/** Age in years as far as a birth year tells; null when unknown. */
export function ageOf(birthYear: number | null, now: number): number | null {
  return birthYear === null ? null : Math.max(0, new Date(now).getFullYear() - birthYear);
}

function fold(text: string): string {
  // NFKD splits accents off Latin letters; only those are dropped: Devanagari vowel signs carry meaning.
  return text
    .normalize('NFKD')
    .replace(/[\u0300-\u036f]/g, '')
    .toLowerCase();
}

/** True when every word typed is found in token, name, code, phone or reason. `15` finds A-015. An empty query finds all. */
export function matches(row: DeskRow, query: string): boolean {
  const digits = (text: string) => text.replace(/\D/g, '');
  const hay = fold([row.token, row.name, row.code, row.reason].filter((part) => part !== null).join(' '));
  const bare = hay.replaceAll('-', '');
  return fold(query)
    .split(/\s+/)
    .filter((word) => word !== '')
    .every(
      (word) =>
        hay.includes(word) ||
        bare.includes(word.replaceAll('-', '')) ||
        (/^[+\d-]{3,}$/.test(word) && row.phone !== null && digits(row.phone).includes(digits(word))),
    );
}

/** What U does: normal and urgent change places; an emergency is never lowered by one key. */
export function toggledPriority(priority: Priority): Priority | null {
  if (priority === 'emergency') return null;
  return priority === 'urgent' ? 'normal' : 'urgent';
}

/** The row that has the focus after a key, in a list of `count`; `-1` = none yet. Stops at the ends. */
export function moveIndex(index: number, count: number, key: string): number | null {
  if (count === 0) return null;
  switch (key) {
    case 'ArrowDown':
      return Math.min(index + 1, count - 1);
    case 'ArrowUp':
      return index < 0 ? count - 1 : Math.max(index - 1, 0);
    case 'Home':
      return 0;
    case 'End':
      return count - 1;
    default:
      return null;
  }
}
