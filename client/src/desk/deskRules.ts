import type { DeskRow, DeskView } from './deskModel.ts';

export type DeskAction = 'callNext' | 'start' | 'recall' | 'finish' | 'skip' | 'priority' | 'cancel';

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
  | 'nothingSelected';

/**
 * What a button or its key would do now.
 * - `do`: sends the command at once.
 * - `ask`: callNext while somebody is called (recall, skip or wait) or in consultation (finish first): one question more.
 * - `no`: nothing; the reason is told.
 */
export type Permit =
  | { readonly kind: 'do'; readonly target: DeskRow | null }
  | { readonly kind: 'ask'; readonly question: 'calledWaiting' | 'inConsultation'; readonly target: DeskRow }
  | { readonly kind: 'no'; readonly reason: WhyNot };

/** Who sits at the desk: a visit that has begun is ended by its doctor, never from reception. */
export type Seat = 'doctor' | 'staff';

const no = (reason: WhyNot): Permit => ({ kind: 'no', reason });
const go = (target: DeskRow | null): Permit => ({ kind: 'do', target });

/**
 * Which desk actions are possible now, and why the others are not. The hub decides again: this only keeps a click from being wasted.
 * `selected` is the row that U, R (somebody skipped, while nobody is called) and "take off the list" act on.
 */
export function permits(
  view: DeskView,
  selected: DeskRow | null,
  live: boolean,
  seat: Seat = 'doctor',
): Record<DeskAction, Permit> {
  const { current, waiting } = view;
  const called = current?.entry.state === 'called' ? current : null;
  const consulting = current?.entry.state === 'in-consultation' ? current : null;

  const callNext = (): Permit => {
    if (consulting && seat === 'staff') return no('inConsultation');
    if (waiting.length === 0) return no('queueEmpty');
    if (called) return { kind: 'ask', question: 'calledWaiting', target: called };
    return consulting ? { kind: 'ask', question: 'inConsultation', target: consulting } : go(null);
  };
  const ofCalled = (): Permit => (called ? go(called) : no(consulting ? 'alreadyStarted' : 'nobodyCalled'));
  const recall = (): Permit => {
    if (called || selected?.entry.state !== 'skipped') return ofCalled();
    return consulting ? no('deskBusy') : go(selected);
  };
  const waitingOrCalled = (states: readonly string[]): Permit => {
    if (!selected) return no('nothingSelected');
    return states.includes(selected.entry.state) ? go(selected) : no('notWaiting');
  };

  const all: Record<DeskAction, Permit> = {
    callNext: callNext(),
    start: ofCalled(),
    recall: recall(),
    finish:
      consulting && seat === 'doctor'
        ? go(consulting)
        : no(consulting ? 'inConsultation' : called ? 'notStarted' : 'nobodyCalled'),
    skip: ofCalled(),
    priority: waitingOrCalled(['waiting']),
    cancel: waitingOrCalled(['waiting', 'called', 'skipped']),
  };
  if (live) return all;
  const off = no('offline');
  return { callNext: off, start: off, recall: off, finish: off, skip: off, priority: off, cancel: off };
}
