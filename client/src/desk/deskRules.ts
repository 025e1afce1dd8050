import type { QueueEntry } from '../../../shared/state/queue.ts';
import type { DeskRow, DeskView } from './deskModel.ts';

/** What can be done about one entry. */
export type RowAction =
  | 'call'
  | 'start'
  | 'recall'
  | 'finish'
  | 'skip'
  | 'noShow'
  | 'hold'
  | 'resume'
  | 'requeue'
  | 'priority'
  | 'transfer'
  | 'cancel'
  | 'arrived'
  | 'triage'
  | 'undo';
export type DeskAction = 'callNext' | RowAction;

/** Why a button is off, as a translation key `desk.why.<reason>`. */
export type WhyNot =
  | 'emergencyStays'
  | 'inConsultation'
  | 'offline'
  | 'queueEmpty'
  | 'nobodyCalled'
  | 'notStarted'
  | 'alreadyStarted'
  | 'deskBusy'
  | 'notWaiting'
  | 'nothingSelected'
  | 'paused'
  | 'closed'
  | 'doctorsVisit'
  | 'alreadyHere'
  | 'notNow'
  | 'nothingToUndo'
  | 'priorityFirst'
  | 'noOtherDesk';

/**
 * What a button or its key would do now.
 * - `do`: sends the command at once.
 * - `ask`: a call while somebody is called (recall, skip or wait) or in consultation (finish first): one question more.
 * - `no`: nothing; the reason is told.
 */
export type Permit =
  | { readonly kind: 'do'; readonly target: DeskRow | null }
  | { readonly kind: 'ask'; readonly question: 'calledWaiting' | 'inConsultation'; readonly target: DeskRow }
  | { readonly kind: 'no'; readonly reason: WhyNot };

/** Who sits at the desk: a video visit is begun and ended by its doctor, never from reception. */
export type Seat = 'doctor' | 'staff';

export interface DeskMoment {
  readonly view: DeskView;
  readonly live: boolean;
  readonly seat: Seat;
  /** The server's time. */
  readonly now: number;
}

/** How long the last thing done about an entry can be taken back; the hub has the last word. */
export const undoWithinMs = 5 * 60_000;

const no = (reason: WhyNot): Permit => ({ kind: 'no', reason });
const go = (target: DeskRow | null): Permit => ({ kind: 'do', target });

const waitsIn: readonly QueueEntry['state'][] = ['waiting', 'on-hold', 'skipped'];
/** States in which an action makes sense; those that depend on more are below. */
const fits: Record<Exclude<RowAction, 'undo'>, readonly QueueEntry['state'][]> = {
  call: waitsIn,
  start: ['called'],
  recall: ['called', 'skipped'],
  finish: ['in-consultation'],
  skip: ['called'],
  noShow: ['waiting', 'called', 'skipped'],
  hold: ['waiting', 'called', 'in-consultation'],
  resume: ['on-hold'],
  requeue: [...waitsIn, 'called'],
  priority: waitsIn,
  transfer: [...waitsIn, 'called', 'in-consultation'],
  cancel: [...waitsIn, 'called'],
  arrived: [...waitsIn, 'called'],
  triage: [...waitsIn, 'called', 'in-consultation'],
};

/** Null when the action may be done to this row now, else why not. The hub decides again: this only keeps a click from being wasted. */
export function rowRefusal(action: RowAction, row: DeskRow, { view, live, seat, now }: DeskMoment): WhyNot | null {
  const { entry } = row;
  if (!live) return 'offline';
  if (view.closedAt !== null) return 'closed';
  if (action === 'undo') return undoRefusal(entry, view, seat, now);
  if (!fits[action].includes(entry.state)) return 'notNow';
  const calls = action === 'call' || (action === 'recall' && entry.state === 'skipped');
  if (calls && view.current) return 'deskBusy';
  if (calls && view.pause) return 'paused';
  if ((action === 'start' || action === 'finish') && seat === 'staff' && entry.mode === 'video') return 'doctorsVisit';
  return action === 'arrived' && entry.checkedInAt !== null ? 'alreadyHere' : null;
}

function undoRefusal(entry: QueueEntry, view: DeskView, seat: Seat, now: number): WhyNot | null {
  const { undo } = entry;
  if (!undo || now - undo.at > undoWithinMs) return 'nothingToUndo';
  const back = undo.was.state ?? entry.state;
  const toDesk = back === 'called' || back === 'in-consultation';
  if (toDesk && view.current && view.current.id !== entry.id) return 'deskBusy';
  const ofVisit = undo.type === 'started' || undo.type === 'finished';
  return ofVisit && seat === 'staff' && entry.mode === 'video' ? 'doctorsVisit' : null;
}

/**
 * Which desk actions are possible now, and why the others are not.
 * `selected` is the row that the keys of one row act on; without one those act on who is at the desk.
 */
export function permits(moment: DeskMoment, selected: DeskRow | null): Record<DeskAction, Permit> {
  const { view, live, seat } = moment;
  const { current } = view;
  const called = current?.entry.state === 'called' ? current : null;
  const consulting = current?.entry.state === 'in-consultation' ? current : null;

  const of = (action: RowAction, row: DeskRow): Permit => {
    const reason = rowRefusal(action, row, moment);
    return reason === null ? go(row) : no(reason);
  };
  const ask = (): Permit | null => {
    if (called) return { kind: 'ask', question: 'calledWaiting', target: called };
    if (!consulting) return null;
    if (seat === 'staff' && consulting.entry.mode === 'video') return no('inConsultation');
    return { kind: 'ask', question: 'inConsultation', target: consulting };
  };
  const mayCall = (): Permit | null => {
    if (!live) return no('offline');
    if (view.closedAt !== null) return no('closed');
    return view.pause ? no('paused') : null;
  };
  const callNext = (): Permit => {
    const off = mayCall();
    if (off) return off;
    if (view.waiting.length === 0) return no('queueEmpty');
    return ask() ?? go(null);
  };
  const call = (): Permit => {
    const off = mayCall();
    if (off) return off;
    if (!selected) return no('nothingSelected');
    return fits.call.includes(selected.entry.state) ? (ask() ?? go(selected)) : no('notNow');
  };
  const atDesk = (action: 'start' | 'skip' | 'finish'): Permit => {
    if (!live) return no('offline');
    if (!current) return no('nobodyCalled');
    if (action === 'finish' && called) return no('notStarted');
    return action !== 'finish' && consulting ? no('alreadyStarted') : of(action, current);
  };
  const recall = (): Permit => {
    if (called) return of('recall', called);
    if (selected?.entry.state === 'skipped') return of('recall', selected);
    return no(!live ? 'offline' : consulting ? 'alreadyStarted' : 'nobodyCalled');
  };
  const chosen = (action: RowAction, whenUnfit: WhyNot = 'notNow'): Permit => {
    const row = selected ?? current;
    if (!row) return no(live ? 'nothingSelected' : 'offline');
    const reason = rowRefusal(action, row, moment);
    return reason === null ? go(row) : no(reason === 'notNow' ? whenUnfit : reason);
  };

  return {
    callNext: callNext(),
    call: call(),
    start: atDesk('start'),
    recall: recall(),
    finish: atDesk('finish'),
    skip: atDesk('skip'),
    noShow: chosen('noShow'),
    hold: chosen('hold'),
    resume: chosen('resume'),
    requeue: chosen('requeue'),
    priority: chosen('priority', 'notWaiting'),
    transfer: chosen('transfer'),
    cancel: chosen('cancel', 'notWaiting'),
    arrived: chosen('arrived'),
    triage: chosen('triage'),
    undo: chosen('undo'),
  };
}

/**
 * The place (1 = next) one step up or down in the line, or why there is none: those with a higher priority stay before.
 */
export function stepped(view: DeskView, row: DeskRow, step: -1 | 1): number | WhyNot {
  const at = view.waiting.findIndex(({ id }) => id === row.id);
  const other = view.waiting[at + step];
  if (at < 0 || !other) return 'notNow';
  return other.entry.priority === row.entry.priority ? at + step + 1 : 'priorityFirst';
}
