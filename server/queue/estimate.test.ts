import { describe, expect, test } from 'vitest';
import { emptyQueue, reduceQueue, type QueueEventBody, type QueueState } from '../../shared/state/queue.ts';
import { simulateDay } from '../../tests/support/simulatedClinic.ts';
import { estimateWaits, residual, typical, type Visit } from './estimate.ts';

const id = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
const visits = (...minutes: number[]): Visit[] => minutes.map((one) => ({ mode: 'video', minutes: one }));

function queue(...bodies: readonly QueueEventBody[]): QueueState {
  return bodies.reduce((state, body, i) => reduceQueue(state, { ...body, seq: i + 1, at: i * 1000, v: 1 }), emptyQueue);
}
const joined = (n: number): QueueEventBody => ({
  type: 'joined',
  data: { entryId: id(n), patientId: id(n), token: n, mode: 'video', source: 'online', priority: 'normal' },
});

describe('[C3] the promised wait', () => {
  test('nobody before: no wait worth a number', () => {
    const { entries } = estimateWaits(queue(joined(1)), { slotMinutes: 15, recent: [] }, 0);
    expect(entries.get(id(1))).toEqual({ low: 0, high: 1 });
  });

  test('each person before adds a visit, and uncertainty', () => {
    const { entries, joining } = estimateWaits(
      queue(joined(1), joined(2), joined(3)),
      { slotMinutes: 15, recent: [] },
      0,
    );
    const [, second, third] = [...entries.values()];
    expect(third?.low).toBeGreaterThan(second?.low ?? Infinity);
    expect((third?.high ?? 0) - (third?.low ?? 0)).toBeGreaterThan((second?.high ?? 0) - (second?.low ?? 0));
    expect(joining.high).toBeGreaterThan(third?.high ?? Infinity);
  });

  test('a doctor’s own pace replaces the slot length as samples come', () => {
    expect(typical({ slotMinutes: 15, recent: [] }, 'video')).toBe(15);
    expect(typical({ slotMinutes: 15, recent: visits(5) }, 'video')).toBe(13);
    expect(typical({ slotMinutes: 15, recent: visits(5, 5, 5, 5, 5) }, 'video')).toBe(5);
    expect(typical({ slotMinutes: 15, recent: visits(5, 5, 5, 5, 5) }, 'in-person')).toBe(15);
  });

  test('a visit that already lasts long is judged by those that lasted longer', () => {
    const pace = { slotMinutes: 15, recent: visits(5, 10, 20, 30) };
    expect(residual(pace, 'video', 0)).toBe(15);
    expect(residual(pace, 'video', 15)).toBe(10);
    expect(residual(pace, 'video', 45)).toBe(3);
  });

  test('200 seeded days: four of five waits fall inside the promised range, nearer than number × slot', () => {
    const waits = Array.from({ length: 200 }, (_, day) => simulateDay(1000 + day)).flat();
    const inside = waits.filter(({ actual, low, high }) => actual >= low - 0.5 && actual <= high + 0.5).length;
    const median = (values: number[]): number => values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
    const ours = median(waits.map(({ actual, low, high }) => Math.abs(actual - (low + high) / 2)));
    const naive = median(waits.map((wait) => Math.abs(wait.actual - wait.naive)));
    const seen = `${((100 * inside) / waits.length).toFixed(1)} % inside; median error ${ours.toFixed(1)} of ${naive.toFixed(1)} min`;
    expect(waits.length).toBeGreaterThan(3000);
    expect(inside / waits.length, seen).toBeGreaterThan(0.8);
    expect(ours, seen).toBeLessThan(naive * 0.85);
  });
});
