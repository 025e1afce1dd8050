import { tokenLabel, type QueueEvent, type QueueState } from '../../../shared/state/queue.ts';

/** One thing that happened in the queue, for who cannot see the list move: translation key `desk.news.<kind>`. */
export type NewsKind =
  'joined' | 'called' | 'recalled' | 'started' | 'finished' | 'skipped' | 'cancelled' | 'urgent' | 'emergency';
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
    const entry = queue.entries[event.data.entryId];
    return kind && entry ? [{ kind, entryId: entry.id, token: tokenLabel(entry.token) }] : [];
  });
}

function kindOf(event: QueueEvent): NewsKind | null {
  if (event.type !== 'prioritised') return event.type;
  return event.data.priority === 'normal' ? null : event.data.priority;
}
