import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { answered, beginSync, emptyCore, receive, type Answer, type Core } from '../../client/src/lib/streamCore.ts';
import { chatKind } from '../../server/chat/kind.ts';
import { notificationsKind } from '../../server/notify/kind.ts';
import { queueKind } from '../../server/queue/kind.ts';
import type { StreamEvent, StreamKind } from '../../server/store/streams/index.ts';
import { limits } from '../../shared/limits.ts';
import { noticeKinds } from '../../shared/state/notices.ts';
import { chatEvent, chatPageOf, chatState } from '../../shared/state/chat.ts';
import { notificationEvent, notificationsState } from '../../shared/state/notifications.ts';
import { queueEvent, queueState } from '../../shared/state/queue.ts';
import chatAmendments from '../fixtures/events/chat.v1.amendments.json' with { type: 'json' };
import chatV1 from '../fixtures/events/chat.v1.json' with { type: 'json' };
import notificationsAccount from '../fixtures/events/notifications.v1-account.json' with { type: 'json' };
import notificationsDoctors from '../fixtures/events/notifications.v1-doctors.json' with { type: 'json' };
import notificationsSystem from '../fixtures/events/notifications.v1-system.json' with { type: 'json' };
import notificationsV1 from '../fixtures/events/notifications.v1.json' with { type: 'json' };
import queueDepth from '../fixtures/events/queue.v1-depth.json' with { type: 'json' };
import queueV1 from '../fixtures/events/queue.v1.json' with { type: 'json' };
import { chatLogs, notificationLogs, queueLogs } from '../support/histories.ts';

const stored = z.array(z.object({ seq: z.int(), at: z.number(), v: z.int(), type: z.string(), data: z.unknown() }));

/** What a hub makes of events as they were stored once. */
function foldOf<S, E extends StreamEvent>(kind: StreamKind<S, E>, events: readonly StreamEvent[]): S {
  return events
    .map((event) => kind.event.parse(kind.upcast(event)))
    .reduce((state, event) => kind.reduce(state, event), kind.empty);
}

describe('events of every version ever written (frozen: never edit a fixture, add the next version)', () => {
  test('queue v1: what the first events add up to, in the words of then', () => {
    const { entries, ...rest } = queueV1.state;
    // What was `arrival` then is `order` now.
    const then = Object.entries(entries).map(([key, { arrival, ...entry }]) => [key, { ...entry, order: arrival }]);
    expect(foldOf(queueKind, stored.parse(queueV1.events))).toMatchObject({
      ...rest,
      entries: Object.fromEntries(then),
    });
  });

  test('queue v1: every kind of event', () => {
    const events = stored.parse(queueDepth.events);
    expect(foldOf(queueKind, events)).toEqual(queueDepth.state);
    expect(queueState.parse(queueDepth.state)).toEqual(queueDepth.state);
    const types = queueEvent.options.map((option) => option.shape.type.value);
    expect(new Set(events.map((event) => event.type))).toEqual(new Set(types));
  });

  test('chat v1', () => {
    const types = new Set<string>();
    for (const fixture of [chatV1, chatAmendments]) {
      const events = stored.parse(fixture.events);
      expect(foldOf(chatKind, events)).toEqual(fixture.state);
      expect(chatState.parse(fixture.state)).toEqual(fixture.state);
      for (const event of events) types.add(event.type);
    }
    expect(types).toEqual(new Set(chatEvent.options.map((one) => one.shape.type.value)));
  });

  test('notifications v1', () => {
    const events = stored.parse(notificationsV1.events);
    expect(foldOf(notificationsKind, events)).toEqual(notificationsV1.state);
    expect(notificationsState.parse(notificationsV1.state)).toEqual(notificationsV1.state);
    expect(new Set(events.map((event) => event.type))).toEqual(
      new Set(notificationEvent.options.map((one) => one.shape.type.value)),
    );
    const later = [notificationsSystem, notificationsDoctors, notificationsAccount];
    for (const fixture of later) {
      expect(foldOf(notificationsKind, stored.parse(fixture.events))).toEqual(fixture.state);
    }
    const first = [...notificationsV1.events, ...notificationsSystem.events];
    const all = [...first, ...notificationsDoctors.events, ...notificationsAccount.events];
    const kinds = all.flatMap(({ data }) => ('notice' in data ? [data.notice?.kind] : []));
    expect(new Set(kinds)).toEqual(new Set(noticeKinds));
  });

  test('the newest version has a fixture', () => {
    const versions = (options: readonly { shape: { v: { value: number } } }[]) =>
      new Set(options.map((one) => one.shape.v.value));
    expect(versions(queueEvent.options)).toEqual(new Set(queueV1.events.map((event) => event.v)));
    expect(versions(chatEvent.options)).toEqual(new Set(chatV1.events.map((event) => event.v)));
    expect(versions(notificationEvent.options)).toEqual(new Set(notificationsV1.events.map((event) => event.v)));
  });
});

/** What arrives at a client: pieces of the log, again, late and out of order; questions, answers, and lost answers. */
const arrivals = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.record({ type: fc.constant('batch'), a: fc.nat(120), b: fc.nat(120) }) },
    {
      weight: 2,
      arbitrary: fc.record({ type: fc.constantFrom('ask', 'answer', 'lose'), a: fc.nat(120), b: fc.constant(0) }),
    },
  ),
  { maxLength: 40 },
);

/** Plays arrivals to the client's core against a hub that answers as `streamStart` does; the last answer is the log's end. */
function play<S, E extends StreamEvent>(
  kind: StreamKind<S, E>,
  log: readonly E[],
  page: (state: S) => S,
  happenings: readonly { type: string; a: number; b: number }[],
) {
  type Step = Core<S, E>;
  const reduce = (state: S, event: E): S => kind.reduce(state, event);
  const answerAt = (head: number, since: { seq: number } | undefined): Answer<S, E> => {
    if (since && since.seq <= head && head - since.seq <= limits.catchUpEvents) {
      return { kind: 'events', epoch: 1, from: since.seq + 1, to: head, events: log.slice(since.seq, head) };
    }
    return { kind: 'snapshot', epoch: 1, seq: head, state: page(log.slice(0, head).reduce(reduce, kind.empty)) };
  };
  let core: Step = emptyCore();
  let since: { seq: number } | undefined;
  for (const { type, a, b } of happenings) {
    if (type === 'batch') {
      const from = Math.min(a, b, log.length - 1) + 1;
      const to = Math.min(Math.max(a, b) + 1, log.length);
      if (log.length > 0) core = receive(core, { epoch: 1, from, to, events: log.slice(from - 1, to) }, reduce).core;
    } else if (type === 'ask') ({ core, since } = beginSync(core));
    else if (type === 'answer' && core.syncing)
      core = answered(core, answerAt(Math.min(a, log.length), since), reduce).core;
  }
  for (let tries = 0; ; tries++) {
    expect(tries).toBeLessThan(4);
    const begun = beginSync(core);
    const step = answered(begun.core, answerAt(log.length, begun.since), reduce);
    core = step.core;
    if (step.verdict !== 'resync') return core.at;
  }
}

describe('a client that loses, repeats and reorders frames ends where the hub is', () => {
  test('queue', () => {
    fc.assert(
      fc.property(queueLogs, arrivals, (log, happenings) => {
        const at = play(queueKind, log, (state) => state, happenings);
        expect(at).toEqual({ epoch: 1, seq: log.length, state: foldOf(queueKind, log) });
      }),
      { numRuns: 300 },
    );
  });

  test('notifications', () => {
    fc.assert(
      fc.property(notificationLogs, arrivals, (log, happenings) => {
        const at = play(notificationsKind, log, (state) => state, happenings);
        expect(at).toEqual({ epoch: 1, seq: log.length, state: foldOf(notificationsKind, log) });
      }),
      { numRuns: 300 },
    );
  });

  test('chat: every message from the first one it holds, once', () => {
    fc.assert(
      fc.property(chatLogs, arrivals, (log, happenings) => {
        const at = play(chatKind, log, chatPageOf, happenings);
        const all = foldOf(chatKind, log).messages;
        const held = at?.state.messages ?? [];
        expect(at?.seq).toBe(log.length);
        expect(held).toEqual(all.slice(all.length - held.length));
        expect(at?.state.more).toBe(held.length < all.length);
        expect(held.length).toBeGreaterThanOrEqual(Math.min(all.length, limits.chatPage));
      }),
      { numRuns: 300 },
    );
  });
});
