import { describe, expect, test } from 'vitest';
import { called, finished, idOf, joined, queueOf, skipped, started } from './deskFixtures.ts';
import { allRows, deskView } from './deskModel.ts';
import { permits } from './deskRules.ts';
import type { QueueEventBody } from '../../../shared/state/queue.ts';

function at(bodies: QueueEventBody[], options: { selected?: number; live?: boolean } = {}) {
  const view = deskView(queueOf(...bodies), null);
  const selected = allRows(view).find((row) => row.id === idOf(options.selected ?? -1)) ?? null;
  return permits(view, selected, options.live ?? true);
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

  test('reception never ends a visit that has begun', () => {
    const view = deskView(queueOf(joined(1), joined(2), called(1), started(1)), null);
    const all = permits(view, null, true, 'staff');
    expect(all.callNext).toEqual(no('inConsultation'));
    expect(all.finish).toEqual(no('inConsultation'));
  });

  test('without a connection everything is off for that reason', () => {
    const all = at([joined(1)], { selected: 1, live: false });
    expect(Object.values(all)).toEqual(Object.values(all).map(() => no('offline')));
  });
});
