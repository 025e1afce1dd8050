import { z } from 'zod';
import type { ConsultMode } from '../contract/common.ts';

/** How reachable somebody is, the most telling first: of several that are true, the first is shown. */
export const presenceStates = ['in-consultation', 'on-a-break', 'online', 'away', 'offline'] as const;
export const presenceState = z.enum(presenceStates);
export type PresenceState = z.infer<typeof presenceState>;

/** What a person's connections alone say. */
export type Connection = Extract<PresenceState, 'online' | 'away' | 'offline'>;

/** Of several tabs and devices (or several people who act for one) the most telling; nothing at all is offline. */
export function bestOf<S extends PresenceState>(states: Iterable<S>): S | 'offline' {
  let best: S | 'offline' = 'offline';
  for (const state of states) if (presenceStates.indexOf(state) < presenceStates.indexOf(best)) best = state;
  return best;
}

/**
 * Somebody's presence from what is known of them.
 * @param consulting the kind of visit they are in now. One by video needs a connection, one in person does not.
 * @param deskPaused their desk says they are on a break; that they closed the laptop does not end it.
 */
export function presenceOf(known: {
  readonly connection: Connection;
  readonly consulting: ConsultMode | null;
  readonly deskPaused: boolean;
}): PresenceState {
  const { connection, consulting, deskPaused } = known;
  if (consulting === 'in-person' || (consulting === 'video' && connection !== 'offline')) return 'in-consultation';
  return deskPaused ? 'on-a-break' : connection;
}

/** What changed between two states of a record: what is set anew, and what is gone. */
export interface RecordPatch {
  readonly set: Readonly<Record<string, unknown>>;
  readonly gone: readonly string[];
}

/** The differences that lead from one record of plain values to another; null when there are none. */
export function differences<V extends string>(
  before: Readonly<Record<string, V>>,
  after: Readonly<Record<string, V>>,
): { set: Record<string, V>; gone: string[] } | null {
  const set = Object.fromEntries(Object.entries(after).filter(([key, value]) => before[key] !== value));
  const gone = Object.keys(before).filter((key) => !Object.hasOwn(after, key));
  return Object.keys(set).length + gone.length === 0 ? null : { set, gone };
}

/** The record after the differences. Pure. */
export function patched(state: Readonly<Record<string, unknown>>, { set, gone }: RecordPatch): Record<string, unknown> {
  const left = new Set(gone);
  return { ...Object.fromEntries(Object.entries(state).filter(([key]) => !left.has(key))), ...set };
}
