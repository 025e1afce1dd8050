import { describe, expect, test } from 'vitest';
import { emptyQueue, reduceQueue, type QueueEvent, type QueueEventBody } from '../../../shared/state/queue.ts';
import { called, finished, idOf, joined, skipped, start, started } from './deskFixtures.ts';
import { newsOf } from './deskNews.ts';

/** Tells the last `count` of a history. */
function told(history: QueueEventBody[], count: number) {
  const events: QueueEvent[] = history.map((body, i) => ({ seq: i + 1, at: start, v: 1, ...body }));
  const news = newsOf(events.slice(-count), events.reduce(reduceQueue, emptyQueue));
  return news === 'many' ? news : news.map((item) => `${item.token} ${item.kind}`);
}
const of = (type: 'recalled' | 'cancelled'): QueueEventBody => ({ type, data: { entryId: idOf(1) } });
const priority = (value: 'normal' | 'urgent' | 'emergency'): QueueEventBody => ({
  type: 'prioritised',
  data: { entryId: idOf(1), priority: value },
});

describe('[I1] what is told to who cannot see the list move', () => {
  test.each<[QueueEventBody, string[]]>([
    [called(1), ['A-001 called']],
    [of('recalled'), ['A-001 recalled']],
    [started(1), ['A-001 started']],
    [finished(1), ['A-001 finished']],
    [skipped(1), ['A-001 skipped']],
    [of('cancelled'), ['A-001 cancelled']],
    [priority('urgent'), ['A-001 urgent']],
    [priority('emergency'), ['A-001 emergency']],
    [priority('normal'), []],
    [joined(2), ['A-002 joined']],
    [called(9), []],
  ])('case %#', (body, expected) => {
    expect(told([joined(1), body], 1)).toEqual(expected);
  });

  test('three are told in order; more at once is a reconnect', () => {
    const history = [joined(1), joined(2), called(1), started(1)];
    expect(told(history, 3)).toEqual(['A-002 joined', 'A-001 called', 'A-001 started']);
    expect(told(history, 4)).toBe('many');
  });
});
