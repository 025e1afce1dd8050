import { describe, expect, test } from 'vitest';
import { called, finished, idOf, joined, queueOf, skipped, started } from './deskFixtures.ts';
import { newsBetween } from './deskNews.ts';
import type { QueueEventBody } from '../../../shared/state/queue.ts';

const told = (before: QueueEventBody[], more: QueueEventBody[]) =>
  newsBetween(queueOf(...before), queueOf(...before, ...more)).news.map((item) => `${item.token} ${item.kind}`);

describe('[I1] what is told to who cannot see the list move', () => {
  test.each<[QueueEventBody[], QueueEventBody[], string[]]>([
    [[], [joined(1)], ['A-001 joined']],
    [[joined(1)], [called(1)], ['A-001 called']],
    [[joined(1), called(1)], [{ type: 'recalled', data: { entryId: idOf(1) } }], ['A-001 recalled']],
    [[joined(1), called(1)], [started(1)], ['A-001 started']],
    [[joined(1), called(1), started(1)], [finished(1)], ['A-001 finished']],
    [[joined(1), called(1)], [skipped(1)], ['A-001 skipped']],
    [[joined(1)], [{ type: 'cancelled', data: { entryId: idOf(1) } }], ['A-001 cancelled']],
    [[joined(1)], [{ type: 'prioritised', data: { entryId: idOf(1), priority: 'emergency' } }], ['A-001 emergency']],
    [[joined(1, { priority: 'urgent' })], [{ type: 'prioritised', data: { entryId: idOf(1), priority: 'normal' } }], []],
    [[joined(1)], [], []],
  ])('case %#', (before, more, expected) => {
    // queueOf builds equal but not identical entries, as a resync does: equal ones are no news either.
    expect(told(before, more)).toEqual(expected);
  });

  test('nothing at first sight, and one word for a jump after a reconnect', () => {
    const queue = queueOf(joined(1), joined(2), joined(3), joined(4));
    expect(newsBetween(null, queue)).toEqual({ news: [], many: false });
    expect(newsBetween(queueOf(), queue)).toEqual({ news: [], many: true });
  });
});
