import { describe, expect, test } from 'vitest';
import { flagOf, parseReading, readings } from './vitals.ts';

describe('[C5] what stands out in vitals', () => {
  test.each([
    ['temperature', 37, null],
    ['temperature', 38.5, 'look'],
    ['temperature', 39.5, 'danger'],
    ['temperature', 34.9, 'danger'],
    ['oxygen', 97, null],
    ['oxygen', 94, 'look'],
    ['oxygen', 91, 'danger'],
    ['pulse', 90, null],
    ['pulse', 91, 'look'],
    ['pulse', 131, 'danger'],
    ['systolic', 90, 'danger'],
    ['weight', 400, null],
  ] as const)('%s %d of an adult: %s', (name, value, flag) => {
    expect(flagOf(name, value, 40)).toBe(flag);
  });

  test('a child’s heart and breath are not judged by an adult’s rates; its temperature is', () => {
    expect(flagOf('pulse', 140, 3)).toBeNull();
    expect(flagOf('respiration', 30, 3)).toBeNull();
    expect(flagOf('temperature', 39.5, 3)).toBe('danger');
    expect(flagOf('pulse', 140, null)).toBe('danger');
  });

  test('the two pressures are one line; one alone is shown too', () => {
    const line = (vitals: Parameters<typeof readings>[0]) => readings(vitals, 40).map(({ text }) => text);
    expect(line({ systolic: 128, diastolic: 82, temperature: 37.2 })).toEqual(['37.2 °C', '128/82 mmHg']);
    expect(line({ diastolic: 82, oxygen: 97 })).toEqual(['82 mmHg', '97%']);
    expect(readings({ systolic: 85, diastolic: 60 }, 40)[0]?.flag).toBe('danger');
  });

  test('typed with Devanagari digits or a comma', () => {
    expect(parseReading('३७,५')).toBe(37.5);
    expect(parseReading(' 98 ')).toBe(98);
    expect(parseReading('')).toBeUndefined();
    expect(parseReading('12a')).toBeNaN();
  });
});
