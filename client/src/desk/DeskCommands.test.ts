import { describe, expect, test, vi } from 'vitest';
import { emptyQueue, reduceQueue, type QueueEventBody, type QueueState } from '../../../shared/state/queue.ts';
import { RequestError } from '../lib/RequestError.ts';
import { DeskCommands } from './DeskCommands.svelte.ts';
import type { DeskLink } from './deskLink.ts';
import { called, finished, idOf, joined, skipped, start, started } from './deskFixtures.ts';
import { allRows, deskView } from './deskModel.ts';

/** A desk over the shared reducer: commands append events; what they answer and when is up to the test. */
class Bench {
  state: QueueState = emptyQueue;
  seq = 0;
  live = true;
  selected: string | null = null;
  sent: string[] = [];
  /** Thrown by the next request, once. */
  refuse: {
    code: 'QUEUE_MOVED' | 'CALLED_WAITING' | 'IN_CONSULTATION' | 'WRONG_STATE' | 'INTERNAL';
    meanwhile?: QueueEventBody[];
  } | null = null;
  gate: Promise<void> = Promise.resolve();
  readonly commands: DeskCommands;

  constructor(...history: QueueEventBody[]) {
    this.append(...history);
    this.commands = new DeskCommands(this.#link());
  }

  append(...bodies: QueueEventBody[]): void {
    for (const body of bodies) {
      this.seq += 1;
      this.state = reduceQueue(this.state, { seq: this.seq, at: start, v: 1, ...body });
    }
  }
  stateOf(n: number) {
    return this.state.entries[idOf(n)]?.state;
  }

  #link(): DeskLink {
    // eslint-disable-next-line @typescript-eslint/no-this-alias -- getters below have their own `this`
    const bench = this;
    return {
      sessionId: idOf(500),
      seat: 'doctor',
      get view() {
        return deskView(bench.state, null);
      },
      get selected() {
        return allRows(deskView(bench.state, null)).find((row) => row.id === bench.selected) ?? null;
      },
      get live() {
        return bench.live;
      },
      get seq() {
        return bench.seq;
      },
      async request(name, input) {
        bench.sent.push(name.replace('queue.', ''));
        await bench.gate;
        const { refuse } = bench;
        if (refuse) {
          bench.refuse = null;
          bench.append(...(refuse.meanwhile ?? []));
          throw new RequestError(refuse.code, 'refused', { traceId: 'trace' });
        }
        const entryId = 'entryId' in input ? input.entryId : (deskView(bench.state, null).waiting[0]?.id ?? '');
        const types = {
          callNext: 'called',
          recall: 'recalled',
          finish: 'finished',
          skip: 'skipped',
          cancel: 'cancelled',
        } as const;
        if (name === 'queue.start') bench.append({ type: 'started', data: { entryId, encounterId: idOf(900) } });
        else if (name === 'queue.prioritise')
          bench.append({ type: 'prioritised', data: { entryId, priority: 'urgent' } });
        else bench.append({ type: types[name.replace('queue.', '') as keyof typeof types], data: { entryId } });
        return { seq: bench.seq, entryId } as never;
      },
      reached: async () => undefined,
      now: () => start,
    };
  }
}

describe('[C2] commands of a desk', () => {
  test('a whole visit', async () => {
    const bench = new Bench(joined(1), joined(2));
    for (const press of ['callNext', 'recall', 'start', 'finish'] as const) await bench.commands.press(press);
    expect(bench.sent).toEqual(['callNext', 'recall', 'start', 'finish']);
    expect(bench.stateOf(1)).toBe('done');
    expect(bench.commands.notice).toBeNull();
  });

  test('a press while another is under way waits for it and is judged by what it left', async () => {
    const bench = new Bench(joined(1), joined(2), called(1), started(1));
    let open = () => {};
    bench.gate = new Promise((resolve) => (open = resolve));
    const first = bench.commands.press('finish');
    expect(bench.commands.pending).toBe('finish');
    await bench.commands.press('callNext');
    expect(bench.sent).toEqual(['finish']);
    open();
    await first;
    await vi.waitFor(() => expect(bench.commands.pending).toBeNull());
    expect(bench.sent).toEqual(['finish', 'callNext']);
    expect([bench.stateOf(1), bench.stateOf(2)]).toEqual(['done', 'called']);
  });

  test('the same press twice counts once', async () => {
    const bench = new Bench(joined(1), joined(2));
    let open = () => {};
    bench.gate = new Promise((resolve) => (open = resolve));
    const first = bench.commands.press('callNext');
    await bench.commands.press('callNext');
    await bench.commands.press('callNext');
    open();
    await first;
    expect(bench.sent).toEqual(['callNext']);
    expect(bench.commands.question).toBeNull();
  });

  test('a failure drops what waited behind it', async () => {
    const bench = new Bench(joined(1), joined(2), called(1), started(1));
    bench.refuse = { code: 'INTERNAL' };
    const first = bench.commands.press('finish');
    await bench.commands.press('callNext');
    await first;
    expect(bench.sent).toEqual(['finish']);
    expect(bench.commands.notice).toEqual({ kind: 'error', code: 'INTERNAL', traceId: 'trace' });
  });

  test('QUEUE_MOVED: nothing is repeated; the notice names who was called', async () => {
    const bench = new Bench(joined(1), joined(2));
    bench.refuse = { code: 'QUEUE_MOVED', meanwhile: [called(1)] };
    await bench.commands.press('callNext');
    expect(bench.sent).toEqual(['callNext']);
    expect(bench.commands.notice).toMatchObject({ kind: 'moved', row: { token: 'A-001' } });
  });

  test('somebody is called: asks, and sends nothing until answered', async () => {
    const bench = new Bench(joined(1), joined(2), called(1));
    await bench.commands.press('callNext');
    expect(bench.sent).toEqual([]);
    expect(bench.commands.question).toMatchObject({ kind: 'calledWaiting', row: { token: 'A-001' } });
    bench.commands.wait();
    expect(bench.commands.question).toBeNull();
    expect(bench.sent).toEqual([]);
  });

  test('asked, answered: skip and call next, in this order', async () => {
    const bench = new Bench(joined(1), joined(2), called(1));
    await bench.commands.press('callNext');
    await bench.commands.clearAndCallNext();
    expect(bench.sent).toEqual(['skip', 'callNext']);
    expect([bench.stateOf(1), bench.stateOf(2)]).toEqual(['skipped', 'called']);
  });

  test('asked, answered: call again', async () => {
    const bench = new Bench(joined(1), joined(2), called(1));
    await bench.commands.press('callNext');
    await bench.commands.recallCalled();
    expect(bench.sent).toEqual(['recall']);
    expect(bench.state.entries[idOf(1)]?.recalls).toBe(1);
  });

  test('in consultation: finish and call next does both; when finishing fails nobody is called', async () => {
    const bench = new Bench(joined(1), joined(2), called(1), started(1));
    await bench.commands.press('callNext');
    expect(bench.commands.question?.kind).toBe('inConsultation');
    bench.refuse = { code: 'WRONG_STATE', meanwhile: [finished(1)] };
    await bench.commands.clearAndCallNext();
    expect(bench.sent).toEqual(['finish']);
    expect(bench.stateOf(2)).toBe('waiting');
    expect(bench.commands.notice).toEqual({ kind: 'changed', row: null });
  });

  test.each(['CALLED_WAITING', 'IN_CONSULTATION'] as const)('%s from the hub asks as well', async (code) => {
    const bench = new Bench(joined(1), joined(2), joined(3));
    bench.refuse = { code, meanwhile: code === 'CALLED_WAITING' ? [called(1)] : [called(1), started(1)] };
    await bench.commands.press('callNext');
    expect(bench.commands.question).toMatchObject({
      kind: code === 'CALLED_WAITING' ? 'calledWaiting' : 'inConsultation',
      row: { token: 'A-001' },
    });
  });

  test('what cannot be done says why, and sends nothing', async () => {
    const bench = new Bench();
    await bench.commands.press('callNext');
    expect(bench.commands.notice?.kind).toBe('empty');
    await bench.commands.press('finish');
    expect(bench.commands.notice).toEqual({ kind: 'why', reason: 'nobodyCalled' });
    bench.live = false;
    await bench.commands.press('start');
    expect(bench.commands.notice).toEqual({ kind: 'why', reason: 'offline' });
    expect(bench.sent).toEqual([]);
  });

  test('somebody skipped is called back when selected', async () => {
    const bench = new Bench(joined(1), joined(2), called(1), skipped(1));
    bench.selected = idOf(1);
    await bench.commands.press('recall');
    expect(bench.sent).toEqual(['recall']);
  });

  test('a question is withdrawn when somebody else answered it; a note about an empty list when somebody joins', async () => {
    const bench = new Bench(joined(1), joined(2), called(1));
    await bench.commands.press('callNext');
    bench.commands.settle();
    expect(bench.commands.question?.kind).toBe('calledWaiting');
    bench.append(started(1));
    bench.commands.settle();
    expect(bench.commands.question).toBeNull();

    const quiet = new Bench();
    await quiet.commands.press('callNext');
    quiet.append(joined(1));
    quiet.commands.settle();
    expect(quiet.commands.notice).toBeNull();
  });

  test('what the hub refused stays to be read', async () => {
    const bench = new Bench(joined(1), joined(2));
    bench.refuse = { code: 'QUEUE_MOVED', meanwhile: [called(1)] };
    await bench.commands.press('callNext');
    bench.append(started(1));
    bench.commands.settle();
    expect(bench.commands.notice?.kind).toBe('moved');
  });
});
