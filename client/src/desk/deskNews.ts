import { entryOf, tokenLabel, type QueueEvent, type QueueState } from '../../../shared/state/queue.ts';

/** One thing that happened to somebody in the queue, for who cannot see the list move: translation key `desk.news.<kind>`. */
export type NewsKind =
  | 'joined'
  | 'called'
  | 'recalled'
  | 'started'
  | 'finished'
  | 'skipped'
  | 'noShow'
  | 'held'
  | 'resumed'
  | 'requeued'
  | 'transferred'
  | 'returned'
  | 'cancelled'
  | 'arrived'
  | 'triaged'
  | 'undone'
  | 'urgent'
  | 'emergency';
export interface News {
  readonly kind: NewsKind;
  readonly entryId: string;
  readonly token: string;
}

/** More than this at once is a reconnect, not news: a list read out would only hold the listener up. */
const atOnce = 3;

/** What is worth telling of events that just arrived; `queue` is the state after them. `'many'` when there is too much to tell. */
export function newsOf(events: readonly QueueEvent[], queue: QueueState): readonly News[] | 'many' {
  if (events.length > atOnce) return 'many';
  return events.flatMap((event) => {
    const kind = kindOf(event);
    const id = entryOf(event);
    const entry = id === null ? undefined : queue.entries[id];
    return kind && entry ? [{ kind, entryId: entry.id, token: tokenLabel(entry.token) }] : [];
  });
}

function kindOf(event: QueueEvent): NewsKind | null {
  switch (event.type) {
    case 'prioritised':
      return event.data.priority === 'normal' ? null : event.data.priority;
    case 'triaged':
      return event.data.priority === 'normal' ? 'triaged' : event.data.priority;
    case 'no-show':
      return 'noShow';
    case 'checked-in':
      return 'arrived';
    // The desk itself says that it is on a break or closed, and an alert that ends is silent.
    case 'acknowledged':
    case 'desk-paused':
    case 'desk-resumed':
    case 'desk-closed':
      return null;
    default:
      return event.type;
  }
}
