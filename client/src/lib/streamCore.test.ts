import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { emptyQueue, reduceQueue, type QueueEvent, type QueueState } from '../../../shared/state/queue.ts';
import {
  abandonSync,
  answered,
  beginSync,
  emptyCore,
  receive,
  type Answer,
  type Batch,
  type Core,
} from './streamCore.ts';

type QueueCore = Core<QueueState, QueueEvent>;

const uuid = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;

/** A history of one epoch that the server could have written. */
const history = fc
  .array(fc.record({ kind: fc.nat(6), who: fc.nat(20), urgent: fc.boolean() }), { minLength: 1, maxLength: 25 })
  .map((steps) => {
    let joined = 0;
    return steps.map(({ kind, who, urgent }, i): QueueEvent => {
      const base = { seq: i + 1, at: 1_000 * i, v: 1 as const };
      const entryId = uuid(joined === 0 ? 0 : who % joined);
      if (joined === 0 || kind === 0) {
        const token = ++joined;
        const data = {
          entryId: uuid(joined - 1),
          patientId: uuid(100 + joined),
          token,
          mode: 'video',
          source: 'online',
          priority: 'normal',
        } as const;
        return { ...base, type: 'joined', data };
      }
      if (kind === 1) return { ...base, type: 'called', data: { entryId } };
      if (kind === 2) return { ...base, type: 'recalled', data: { entryId } };
      if (kind === 3) return { ...base, type: 'started', data: { entryId, encounterId: uuid(500 + i) } };
      if (kind === 4) return { ...base, type: 'finished', data: { entryId } };
      if (kind === 5) return { ...base, type: 'skipped', data: { entryId } };
      return { ...base, type: 'prioritised', data: { entryId, priority: urgent ? 'urgent' : 'emergency' } };
    });
  });

const fold = (events: readonly QueueEvent[]): QueueState => events.reduce(reduceQueue, emptyQueue);
const batchOf = (epoch: number, events: readonly QueueEvent[], from: number, to: number): Batch<QueueEvent> => ({
  epoch,
  from,
  to,
  events: events.slice(from - 1, to),
});

/** What the hub answers to a `subscribe` when its log is `events` in `epoch`: the tail when it can, else a snapshot. */
function reply(
  epoch: number,
  events: readonly QueueEvent[],
  since: { epoch: number; seq: number } | undefined,
): Answer<QueueState, QueueEvent> {
  if (since && since.epoch === epoch && since.seq <= events.length) {
    return { kind: 'events', ...batchOf(epoch, events, since.seq + 1, events.length) };
  }
  return { kind: 'snapshot', epoch, seq: events.length, state: fold(events) };
}

/** Asks until the answer leaves no gap; a real store does the same with pauses. */
function settle(core: QueueCore, epoch: number, events: readonly QueueEvent[]): QueueCore {
  for (let i = 0; i < 4; i++) {
    const begun = beginSync(core);
    const step = answered(begun.core, reply(epoch, events, begun.since), reduceQueue);
    core = step.core;
    if (step.verdict !== 'resync') return core;
  }
  throw new Error('four answers in a row left a gap');
}

/** One thing that happens to a client: a piece of some epoch's log arrives, or a `subscribe` goes out, is answered, or is lost. */
const happening = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ type: fc.constant('batch' as const), epoch: fc.nat(1), a: fc.nat(24), b: fc.nat(24) }),
  },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('ask' as const) }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('answer' as const), head: fc.nat(24), epoch: fc.nat(1) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('lose' as const) }) },
);

describe('streamCore', () => {
  it('equals the server after any loss, repeat and reordering of batches over two epochs, once a resync is answered', () => {
    fc.assert(
      fc.property(history, history, fc.array(happening, { maxLength: 40 }), (first, second, happenings) => {
        const logs = [first, second];
        let core: QueueCore = emptyCore();
        let since: { epoch: number; seq: number } | undefined;
        for (const one of happenings) {
          if (one.type === 'batch') {
            const log = logs[one.epoch] ?? first;
            const from = Math.min(1 + Math.min(one.a, one.b), log.length);
            const to = Math.min(1 + Math.max(one.a, one.b), log.length);
            core = receive(core, batchOf(one.epoch + 1, log, from, to), reduceQueue).core;
          } else if (one.type === 'ask') {
            ({ core, since } = beginSync(core));
          } else if (one.type === 'lose') {
            core = abandonSync(core);
          } else if (core.syncing) {
            // The log as it was at some moment since the question: the answer may be older than batches already held.
            const log = (logs[one.epoch] ?? first).slice(0, one.head);
            core = answered(core, reply(one.epoch + 1, log, since), reduceQueue).core;
          }
          if (core.at) expect(core.at.state).toEqual(fold((logs[core.at.epoch - 1] ?? first).slice(0, core.at.seq)));
        }
        const last = settle(core, 2, second);
        expect(last.at).toEqual({ epoch: 2, seq: second.length, state: fold(second) });
      }),
      { numRuns: 400 },
    );
  });

  it('holds batches that overtake the snapshot and applies each event once', () => {
    fc.assert(
      fc.property(history, fc.nat(24), fc.nat(24), fc.nat(24), (log, head, a, b) => {
        const at = Math.min(head, log.length);
        let core: QueueCore = beginSync(emptyCore<QueueState, QueueEvent>()).core;
        // Everything after the snapshot arrives before it, in two overlapping pieces, the later one first.
        const middle = Math.min(log.length, Math.max(1, at + 1, Math.min(a, b)));
        for (const [from, to] of [
          [middle, log.length],
          [Math.min(at + 1, middle), middle],
        ] as const) {
          if (from <= to) core = receive(core, batchOf(1, log, from, to), reduceQueue).core;
        }
        const step = answered(
          core,
          { kind: 'snapshot', epoch: 1, seq: at, state: fold(log.slice(0, at)) },
          reduceQueue,
        );
        expect(step.verdict).toBe('applied');
        expect(step.core.at).toEqual({ epoch: 1, seq: log.length, state: fold(log) });
        expect(step.fresh.map((event) => event.seq)).toEqual(log.slice(at).map((event) => event.seq));
      }),
    );
  });

  const log =
    fc.sample(
      history.filter((events) => events.length >= 8),
      { numRuns: 1, seed: 7 },
    )[0] ?? [];
  const at = (seq: number): QueueCore =>
    answered(emptyCore<QueueState, QueueEvent>(), reply(1, log.slice(0, seq), undefined), reduceQueue).core;

  it('ignores what it has and applies only the new part of an overlap', () => {
    expect(receive(at(5), batchOf(1, log, 2, 5), reduceQueue).verdict).toBe('ignored');
    const step = receive(at(5), batchOf(1, log, 3, 8), reduceQueue);
    expect([step.verdict, step.core.at?.seq, step.fresh.length]).toEqual(['applied', 8, 3]);
  });

  it('asks again on a gap, another epoch, and a batch whose count is wrong, and keeps what it has', () => {
    for (const batch of [batchOf(1, log, 7, 8), batchOf(2, log, 6, 6), { ...batchOf(1, log, 6, 8), events: [] }]) {
      const step = receive(at(5), batch, reduceQueue);
      expect(step.verdict).toBe('resync');
      expect(step.core.at?.seq).toBe(5);
    }
  });

  it('takes the server’s word when its head is behind ours', () => {
    const begun = beginSync(at(8));
    const step = answered(
      begun.core,
      { kind: 'snapshot', epoch: 1, seq: 3, state: fold(log.slice(0, 3)) },
      reduceQueue,
    );
    expect(step.core.at).toEqual({ epoch: 1, seq: 3, state: fold(log.slice(0, 3)) });
  });

  it('asks for a snapshot after events that do not continue what it has', () => {
    const step = answered(beginSync(at(3)).core, { kind: 'events', ...batchOf(1, log, 6, 8) }, reduceQueue);
    expect(step.verdict).toBe('resync');
    expect(beginSync(step.core).since).toBeUndefined();
  });

  it('asks again when more arrived during a sync than it holds', () => {
    let core: QueueCore = beginSync(at(3)).core;
    for (let i = 0; i <= 501; i++) core = receive(core, batchOf(1, log, 4, 4), reduceQueue).core;
    expect(answered(core, reply(1, log.slice(0, 3), { epoch: 1, seq: 3 }), reduceQueue).verdict).toBe('resync');
  });
});
