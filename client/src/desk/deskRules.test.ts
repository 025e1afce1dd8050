import { describe, expect, test } from 'vitest';
import { called, finished, held, idOf, joined, queueOf, skipped, start, started } from './deskFixtures.ts';
import { allRows, deskView } from './deskModel.ts';
import { permits, rowRefusal, stepped, type RowAction } from './deskRules.ts';
import type { QueueEventBody } from '../../../shared/state/queue.ts';

function at(bodies: QueueEventBody[], options: { selected?: number; live?: boolean } = {}) {
  const view = deskView(queueOf(...bodies), null);
  const selected = allRows(view).find((row) => row.id === idOf(options.selected ?? -1)) ?? null;
  return permits({ view, live: options.live ?? true, seat: 'doctor', now: start }, selected);
}
const no = (reason: string) => ({ kind: 'no', reason });

describe('[C2] what the desk may do', () => {
  test('an empty queue: nothing, each with its reason', () => {
    const all = at([]);
    expect(all.callNext).toEqual(no('queueEmpty'));
    expect(all.start).toEqual(no('nobodyCalled'));
    expect(all.finish).toEqual(no('nobodyCalled'));
    expect(all.priority).toEqual(no('nothingSelected'));
  });

  test('somebody waits: call next at once', () => {
    expect(at([joined(1)]).callNext).toEqual({ kind: 'do', target: null });
  });

  test('somebody is called: start, recall and skip act on them; call next asks; finish waits', () => {
    const all = at([joined(1), joined(2), called(1)]);
    expect(all.callNext).toMatchObject({ kind: 'ask', question: 'calledWaiting', target: { token: 'A-001' } });
    for (const action of ['start', 'recall', 'skip'] as const) {
      expect(all[action]).toMatchObject({ kind: 'do', target: { token: 'A-001' } });
    }
    expect(all.finish).toEqual(no('notStarted'));
  });

  test('in consultation: finish; call next asks to finish first, unless nobody waits', () => {
    const all = at([joined(1), joined(2), called(1), started(1)]);
    expect(all.finish).toMatchObject({ kind: 'do', target: { token: 'A-001' } });
    expect(all.start).toEqual(no('alreadyStarted'));
    expect(all.callNext).toMatchObject({ kind: 'ask', question: 'inConsultation', target: { token: 'A-001' } });
    expect(at([joined(1), called(1), started(1)]).callNext).toEqual(no('queueEmpty'));
    expect(at([joined(1), called(1)]).callNext).toEqual(no('queueEmpty'));
  });

  test('recall takes back somebody skipped when selected, but only to a free desk', () => {
    const missed = [joined(1), joined(2), called(1), skipped(1)];
    expect(at(missed, { selected: 1 }).recall).toMatchObject({ kind: 'do', target: { token: 'A-001' } });
    expect(at([...missed, called(2), started(2)], { selected: 1 }).recall).toEqual(no('deskBusy'));
    expect(at([...missed, called(2)], { selected: 1 }).recall).toMatchObject({
      kind: 'do',
      target: { token: 'A-002' },
    });
    expect(at([...missed, called(2)], { selected: 2 }).recall).toMatchObject({
      kind: 'do',
      target: { token: 'A-002' },
    });
  });

  test('priority is for the waiting; taking off is for whoever has not been seen', () => {
    const bodies = [joined(1), joined(2), joined(3), called(1), started(1), finished(1), called(2)];
    expect(at(bodies, { selected: 3 }).priority).toMatchObject({ kind: 'do', target: { token: 'A-003' } });
    expect(at(bodies, { selected: 2 }).priority).toEqual(no('notWaiting'));
    expect(at(bodies, { selected: 2 }).cancel).toMatchObject({ kind: 'do' });
    expect(at(bodies, { selected: 1 }).cancel).toEqual(no('notWaiting'));
  });

  test('reception never ends a video visit that has begun', () => {
    const view = deskView(queueOf(joined(1), joined(2), called(1), started(1)), null);
    const all = permits({ view, live: true, seat: 'staff', now: start }, null);
    expect(all.callNext).toEqual(no('inConsultation'));
    expect(all.finish).toEqual(no('doctorsVisit'));
  });

  test('without a connection everything is off for that reason', () => {
    const all = at([joined(1)], { selected: 1, live: false });
    expect(Object.values(all)).toEqual(Object.values(all).map(() => no('offline')));
  });
});

describe('[C2] what may be done about one row', () => {
  const moment = (bodies: QueueEventBody[], more: Partial<{ seat: 'doctor' | 'staff'; now: number }> = {}) => ({
    view: deskView(queueOf(...bodies), null),
    live: true,
    seat: more.seat ?? ('doctor' as const),
    now: more.now ?? start,
  });
  const why = (
    action: RowAction,
    n: number,
    bodies: QueueEventBody[],
    more: Partial<{ seat: 'doctor' | 'staff'; now: number }> = {},
  ) => {
    const at = moment(bodies, more);
    const row = allRows(at.view).find(({ id }) => id === idOf(n));
    return row ? rowRefusal(action, row, at) : 'no row';
  };
  const paused: QueueEventBody = { type: 'desk-paused', data: { reason: 'break', until: null } };

  test('call this one: from waiting, on hold or awaiting recall, to a free desk that works', () => {
    expect(why('call', 2, [joined(1), joined(2)])).toBeNull();
    expect(why('call', 1, [joined(1), held(1)])).toBeNull();
    expect(why('call', 2, [joined(1), joined(2), called(1)])).toBe('deskBusy');
    expect(why('call', 1, [joined(1), paused])).toBe('paused');
    expect(why('call', 1, [joined(1), called(1), started(1), finished(1)])).toBe('notNow');
  });

  test('call this one while somebody is called asks, as call next does', () => {
    const at = moment([joined(1), joined(2), called(1)]);
    const row = allRows(at.view).find(({ id }) => id === idOf(2)) ?? null;
    expect(permits(at, row).call).toMatchObject({ kind: 'ask', target: { token: 'A-001' } });
  });

  test('in a break nobody is called, but who is in goes on', () => {
    const at = moment([joined(1), joined(2), called(1), started(1), paused]);
    expect(permits(at, null).callNext).toEqual(no('paused'));
    expect(permits(at, null).finish).toMatchObject({ kind: 'do' });
  });

  test('undo: the last step, within five minutes, and not to a desk that is taken', () => {
    const skippedOne = [joined(1), joined(2), called(1), skipped(1)];
    expect(why('undo', 1, skippedOne, { now: start + 3 * 60_000 })).toBeNull();
    expect(why('undo', 1, skippedOne, { now: start + 8 * 60_000 + 1 })).toBe('nothingToUndo');
    expect(why('undo', 1, [...skippedOne, called(2)])).toBe('deskBusy');
    expect(why('undo', 1, [joined(1)])).toBe('nothingToUndo');
  });

  test('reception neither begins, ends nor takes back a video visit; a visit at the clinic it may', () => {
    const here = joined(1, { mode: 'in-person' });
    expect(why('start', 1, [joined(1), called(1)], { seat: 'staff' })).toBe('doctorsVisit');
    expect(why('start', 1, [here, called(1)], { seat: 'staff' })).toBeNull();
    expect(why('undo', 1, [joined(1), called(1), started(1)], { seat: 'staff' })).toBe('doctorsVisit');
    expect(why('hold', 1, [joined(1), called(1)], { seat: 'staff' })).toBeNull();
  });

  test('one step up or down stays within the same priority', () => {
    const { view } = moment([joined(1), joined(2), joined(3, { priority: 'urgent' })]);
    const row = (n: number) => view.waiting.find(({ id }) => id === idOf(n))!;
    expect(stepped(view, row(2), -1)).toBe(2);
    expect(stepped(view, row(1), -1)).toBe('priorityFirst');
    expect(stepped(view, row(1), 1)).toBe(3);
    expect(stepped(view, row(2), 1)).toBe('notNow');
  });
});
