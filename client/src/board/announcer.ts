import type { BoardDesk } from '../../../shared/contract/board.ts';

/** One call to be said aloud. `call` rises with every call and repeated call of a desk. */
export interface Call {
  readonly sessionId: string;
  readonly token: string;
  readonly doctorName: string;
  readonly call: number;
}

/** What a board has to say: one at a time, in the order in which it was called. At most one per desk waits, so it never grows. */
export interface Announcer {
  /** The newest call known of each desk on the board; null until the board was seen first. */
  readonly heard: Readonly<Record<string, number>> | null;
  readonly waiting: readonly Call[];
  /** Being said: never interrupted. */
  readonly speaking: Call | null;
}

export const quiet: Announcer = { heard: null, waiting: [], speaking: null };

/**
 * The board as it is now. A call is said once, a repeated call again; one that was taken back, answered or followed by another before its
 * turn to be said is not said. What stood there when the board was switched on is not news; of what was missed while away only what still stands.
 */
export function observe(announcer: Announcer, desks: readonly BoardDesk[]): Announcer {
  const standing = new Map(desks.flatMap((desk) => callAt(desk) ?? []).map((call) => [call.sessionId, call]));
  const waiting = announcer.waiting.flatMap((call) => {
    const now = standing.get(call.sessionId);
    return now && now.call >= call.call ? [now] : [];
  });
  const { heard } = announcer;
  if (heard !== null) {
    for (const call of standing.values()) {
      const known = waiting.some((one) => one.sessionId === call.sessionId);
      if (!known && call.call > (heard[call.sessionId] ?? 0)) waiting.push(call);
    }
  }
  const newest = desks.map((desk): [string, number] => [
    desk.sessionId,
    Math.max(desk.now?.call ?? 0, heard?.[desk.sessionId] ?? 0),
  ]);
  return next({ heard: Object.fromEntries(newest), waiting, speaking: announcer.speaking });
}

/** What was being said is over. */
export function finished(announcer: Announcer): Announcer {
  return next({ ...announcer, speaking: null });
}

function next(announcer: Announcer): Announcer {
  const [first, ...rest] = announcer.waiting;
  return announcer.speaking || !first ? announcer : { ...announcer, waiting: rest, speaking: first };
}

function callAt({ sessionId, doctorName, now }: BoardDesk): Call | null {
  return now?.state === 'called' ? { sessionId, doctorName, token: now.token, call: now.call } : null;
}
