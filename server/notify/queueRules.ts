import {
  isActive,
  reduceQueue,
  tokenLabel,
  waitingOrder,
  type QueueEntry,
  type QueueEvent,
  type QueueState,
} from '../../shared/state/queue.ts';

type PatientKind =
  'queue.called' | 'queue.next' | 'queue.transferred' | 'queue.noShow' | 'queue.deskPaused' | 'queue.deskClosed';

/** Whom a queue event concerns: somebody's guardians, or the clinic's staff. */
export interface QueueNotice {
  readonly kind: PatientKind | 'staff.alert';
  readonly entryId: string;
  readonly patientId: string;
  readonly token: string;
}

/** Events after which somebody else may be the next one. A new place is none: who takes it sees where they stand. */
const movesLine: ReadonlySet<QueueEvent['type']> = new Set([
  'called',
  'no-show',
  'held',
  'cancelled',
  'requeued',
  'prioritised',
  'triaged',
  'transferred',
  'undone',
]);

/**
 * Who must be told because of an event that is about to be appended. Pure.
 * @param event its seq need not be right: it orders only who joins, and they are told nothing of the line.
 */
export function noticesOf(state: QueueState, event: QueueEvent): QueueNotice[] {
  const found: QueueNotice[] = [];
  const tell = (kind: QueueNotice['kind'], entry: QueueEntry | undefined): void => {
    if (!entry) return;
    found.push({ kind, entryId: entry.id, patientId: entry.patientId, token: tokenLabel(entry.token) });
  };
  switch (event.type) {
    case 'called':
    case 'recalled':
      tell('queue.called', state.entries[event.data.entryId]);
      break;
    case 'no-show':
      tell('queue.noShow', state.entries[event.data.entryId]);
      break;
    case 'joined': {
      const { entryId, patientId, token, from, priority } = event.data;
      const entry = { entryId, patientId, token: tokenLabel(token) };
      if (from) found.push({ kind: 'queue.transferred', ...entry });
      if (priority !== 'normal') found.push({ kind: 'staff.alert', ...entry });
      break;
    }
    case 'prioritised':
    case 'triaged': {
      const entry = state.entries[event.data.entryId];
      if (entry && rank[event.data.priority] > rank[entry.priority]) tell('staff.alert', entry);
      break;
    }
    case 'desk-paused':
      for (const entry of waitingOrder(state)) tell('queue.deskPaused', entry);
      break;
    case 'desk-closed':
      for (const entry of Object.values(state.entries)) {
        if (isActive(entry.state) && event.data.moved[entry.id] === undefined) tell('queue.deskClosed', entry);
      }
      break;
    default:
      break;
  }
  if (movesLine.has(event.type)) {
    const after = reduceQueue(state, event);
    const next = waitingOrder(after)[0];
    if (next && next.id !== waitingOrder(state)[0]?.id && !after.pause && after.closedAt === null) {
      tell('queue.next', after.entries[next.id]);
    }
  }
  return found;
}

const rank = { normal: 0, urgent: 1, emergency: 2 } as const;
