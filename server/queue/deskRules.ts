import { AppError } from '../../shared/errors.ts';
import { isActive, type PauseReason, type QueueState } from '../../shared/state/queue.ts';
import {
  effects,
  requireFreeDesk,
  requireOpen,
  visitEnds,
  type Elsewhere,
  type QueueDecision,
  type QueueEffectRequest,
} from './rules.ts';

/** A break: nobody is called. Said again, it is another break: another reason, another end. */
export function pause(state: QueueState, reason: PauseReason, until: number | null, now: number): QueueDecision {
  requireOpen(state);
  if (until !== null && until <= now) throw new AppError('INVALID_INPUT', 'a break ends in the future');
  return { type: 'desk-paused', data: { reason, until } };
}

export function unpause(state: QueueState): QueueDecision {
  requireOpen(state);
  if (!state.pause) throw new AppError('WRONG_STATE', 'this desk is not on a break');
  return { type: 'desk-resumed', data: {} };
}

/**
 * Ends the desk. Who waits, is on hold or was skipped goes where `to` says, or home (`to` null; a skipped one is a no-show).
 * @throws CALLED_WAITING and IN_CONSULTATION: whoever is at the desk is dealt with first.
 */
export function closeDesk(state: QueueState, to: ((entryId: string) => Elsewhere) | null): QueueDecision {
  requireOpen(state);
  requireFreeDesk(state);
  const rest = Object.values(state.entries).filter((entry) => isActive(entry.state));
  const moved = Object.fromEntries(to ? rest.map((entry) => [entry.id, to(entry.id)]) : []);
  const each = rest.flatMap((entry): QueueEffectRequest[] => {
    const target = moved[entry.id];
    return [
      ...effects(entry.id, ...visitEnds(entry)),
      target
        ? { kind: 'place.transfer', data: { entryId: entry.id, to: target } }
        : { kind: 'place.release', data: { entryId: entry.id } },
    ];
  });
  return { type: 'desk-closed', data: { moved }, effects: [...each, { kind: 'desk.close', data: {} }] };
}
