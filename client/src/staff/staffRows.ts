import type { DeskSession } from '../../../shared/contract/queueViews.ts';
import type { EntryState } from '../../../shared/state/queue.ts';
import { allRows, matches, type DeskRow } from '../desk/deskModel.ts';
import type { Desk } from '../desk/useDesk.svelte.ts';

/** One line of reception's table: a row and the desk it belongs to. */
export interface StaffLine {
  readonly desk: Desk;
  readonly session: DeskSession;
  readonly row: DeskRow;
}

export const sortKeys = ['order', 'token', 'name', 'doctor', 'state', 'since', 'priority'] as const;
export type SortKey = (typeof sortKeys)[number];
export interface Sort {
  readonly by: SortKey;
  readonly down: boolean;
}

export const stateFilters = ['active', 'waiting', 'at-desk', 'aside', 'over', 'all'] as const;
export type StateFilter = (typeof stateFilters)[number];

const groups: Record<Exclude<StateFilter, 'active' | 'all'>, readonly EntryState[]> = {
  waiting: ['waiting'],
  'at-desk': ['called', 'in-consultation'],
  aside: ['on-hold', 'skipped'],
  over: ['done', 'no-show', 'cancelled', 'transferred'],
};

/** Whether a state is shown under a filter. Searching finds everybody, whatever the filter. */
export function passes(state: EntryState, filter: StateFilter): boolean {
  if (filter === 'all') return true;
  if (filter === 'active') return !groups.over.includes(state);
  return groups[filter].includes(state);
}

const stateRank: Record<EntryState, number> = {
  called: 0,
  'in-consultation': 1,
  waiting: 2,
  'on-hold': 3,
  skipped: 4,
  done: 5,
  transferred: 6,
  'no-show': 7,
  cancelled: 8,
};
const priorityRank = { emergency: 0, urgent: 1, normal: 2 } as const;

type Sortable = Pick<StaffLine, 'row'> & { readonly session: Pick<DeskSession, 'doctorName'> };
/** How two lines compare by a column; 'order' keeps the order of the desks and of calling. */
const compare: Record<SortKey, (a: Sortable, b: Sortable) => number> = {
  order: () => 0,
  token: (a, b) => a.row.entry.token - b.row.entry.token,
  name: (a, b) => (a.row.name ?? '').localeCompare(b.row.name ?? ''),
  doctor: (a, b) => a.session.doctorName.localeCompare(b.session.doctorName),
  state: (a, b) => stateRank[a.row.entry.state] - stateRank[b.row.entry.state],
  since: (a, b) => a.row.entry.joinedAt - b.row.entry.joinedAt,
  priority: (a, b) => priorityRank[a.row.entry.priority] - priorityRank[b.row.entry.priority],
};

/** Sorted by a column; what is equal stays in the order of calling. */
export function sorted<L extends Sortable>(lines: readonly L[], { by, down }: Sort): L[] {
  return [...lines].sort((a, b) => (down ? -1 : 1) * compare[by](a, b));
}

/** The next sort after a press on a column's head: up, down, as called. */
export function nextSort(sort: Sort, by: SortKey): Sort {
  if (sort.by !== by) return { by, down: false };
  return sort.down ? { by: 'order', down: false } : { by, down: true };
}

/** Every line that fits the filters, desks in their order, each in the order of calling. */
export function linesOf(
  sessions: readonly DeskSession[],
  desks: ReadonlyMap<string, Desk>,
  filter: { readonly query: string; readonly sessionId: string; readonly state: StateFilter },
): StaffLine[] {
  return sessions.flatMap((session) => {
    const desk = desks.get(session.id);
    if (!desk || (filter.sessionId !== '' && filter.sessionId !== session.id)) return [];
    const searching = filter.query.trim() !== '';
    return allRows(desk.view)
      .filter((row) => (searching ? matches(row, filter.query) : passes(row.entry.state, filter.state)))
      .map((row) => ({ desk, session, row }));
  });
}
