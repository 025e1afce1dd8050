import type { BoardDesk } from '../../shared/contract/board.ts';
import { atDesk, tokenLabel, waitingOrder, type QueueState } from '../../shared/state/queue.ts';

/** A queue as a board shows it: tokens, never whose. */
export function boardDeskOf(
  card: { readonly sessionId: string; readonly doctorName: string; readonly label: string },
  state: QueueState,
): BoardDesk {
  const busy = atDesk(state);
  const waiting = waitingOrder(state);
  return {
    ...card,
    now: busy && {
      token: tokenLabel(busy.token),
      state: busy.state === 'called' ? 'called' : 'in-consultation',
      call: busy.call,
    },
    next: waiting.slice(0, 2).map((entry) => tokenLabel(entry.token)),
    waiting: waiting.length,
    pause: state.pause && { reason: state.pause.reason, until: state.pause.until },
  };
}
