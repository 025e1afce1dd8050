import { tokenLabel, type EntryState, type QueueEntry, type QueueState } from '../../../shared/state/queue.ts';

/** One thing that happened in the queue, for the live region and for moving the eye: translation key `desk.news.<kind>`. */
export type NewsKind = 'joined' | 'called' | 'recalled' | 'started' | 'finished' | 'skipped' | 'cancelled' | 'urgent' | 'emergency';
export interface News {
  readonly kind: NewsKind;
  readonly entryId: string;
  readonly token: string;
}

const byState: Readonly<Record<EntryState, NewsKind>> = {
  waiting: 'joined',
  called: 'called',
  'in-consultation': 'started',
  done: 'finished',
  skipped: 'skipped',
  cancelled: 'cancelled',
};

/** More than this at once is a reconnect, not news: a list read out would only hold the reader up. */
const atOnce = 3;

/**
 * What is different between two states of one queue, worth telling somebody who cannot see the list move. Nothing before the first
 * state, and nothing for a jump of more than {@link atOnce} changes; then `many` is true.
 */
export function newsBetween(before: QueueState | null, after: QueueState): { news: readonly News[]; many: boolean } {
  if (!before || before === after) return { news: [], many: false };
  const news: News[] = [];
  for (const entry of Object.values(after.entries)) {
    const kind = kindOf(before.entries[entry.id], entry);
    if (kind) news.push({ kind, entryId: entry.id, token: tokenLabel(entry.token) });
  }
  return news.length > atOnce ? { news: [], many: true } : { news, many: false };
}

function kindOf(was: QueueEntry | undefined, is: QueueEntry): NewsKind | null {
  if (was === is) return null;
  if (!was || was.state !== is.state) return byState[is.state];
  if (is.recalls > was.recalls) return 'recalled';
  if (is.priority !== was.priority && is.priority !== 'normal') return is.priority;
  return null;
}
