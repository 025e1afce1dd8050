import type { Vitals } from '../../../shared/contract/triage.ts';

/** What a nurse measures, in the order of the form. `step` is the precision that is written down. */
export const vitalFields = [
  { name: 'temperature', unit: '°C', decimals: 1 },
  { name: 'pulse', unit: '/min', decimals: 0 },
  { name: 'systolic', unit: 'mmHg', decimals: 0 },
  { name: 'diastolic', unit: 'mmHg', decimals: 0 },
  { name: 'respiration', unit: '/min', decimals: 0 },
  { name: 'oxygen', unit: '%', decimals: 0 },
  { name: 'glucose', unit: 'mg/dL', decimals: 0 },
  { name: 'pain', unit: '/10', decimals: 0 },
  { name: 'weight', unit: 'kg', decimals: 1 },
  { name: 'height', unit: 'cm', decimals: 0 },
] as const satisfies readonly { name: keyof Vitals; unit: string; decimals: number }[];
export type VitalName = (typeof vitalFields)[number]['name'];

/** How far from usual a reading is: something to see, never a diagnosis. */
export type Flag = 'look' | 'danger';

interface Bands {
  /** Usual from … to, both included. */
  readonly usual: readonly [number, number];
  /** Outside of this: at once. */
  readonly danger: readonly [number, number];
  /** A child's heart and breath run at other rates: no flag below this age. */
  readonly fromAge?: number;
}

/** Bands of the National Early Warning Score 2 (one point and three points), and usual ones for glucose and pain. */
const bands: Partial<Record<VitalName, Bands>> = {
  temperature: { usual: [36.1, 38], danger: [35.1, 39] },
  pulse: { usual: [51, 90], danger: [41, 130], fromAge: 16 },
  systolic: { usual: [111, 219], danger: [91, 219], fromAge: 16 },
  respiration: { usual: [12, 20], danger: [9, 24], fromAge: 16 },
  oxygen: { usual: [96, 100], danger: [92, 100] },
  glucose: { usual: [70, 180], danger: [54, 300] },
  pain: { usual: [0, 6], danger: [0, 8] },
};

/** How one reading stands; null when usual, or when nothing is known for this age. */
export function flagOf(name: VitalName, value: number | undefined, age: number | null): Flag | null {
  const band = bands[name];
  if (!band || value === undefined || (band.fromAge !== undefined && age !== null && age < band.fromAge)) return null;
  const outside = ([low, high]: readonly [number, number]): boolean => value < low || value > high;
  if (outside(band.danger)) return 'danger';
  return outside(band.usual) ? 'look' : null;
}

/** The readings there are, in the order of the form; the two pressures are one line. */
export function readings(vitals: Vitals, age: number | null): { name: VitalName; text: string; flag: Flag | null }[] {
  const worst = (one: Flag | null, other: Flag | null): Flag | null =>
    one === 'danger' || other === 'danger' ? 'danger' : (one ?? other);
  return vitalFields.flatMap(({ name, unit, decimals }) => {
    const value = vitals[name];
    if (value === undefined || (name === 'diastolic' && vitals.systolic !== undefined)) return [];
    const flag = flagOf(name, value, age);
    const plain = `${value.toFixed(decimals)}${unit.startsWith('/') || unit === '%' ? '' : ' '}${unit}`;
    if (name !== 'systolic' || vitals.diastolic === undefined) return [{ name, text: plain, flag }];
    const text = `${value.toFixed(0)}/${vitals.diastolic.toFixed(0)} ${unit}`;
    return [{ name, text, flag: worst(flag, flagOf('diastolic', vitals.diastolic, age)) }];
  });
}

/** What was typed, as a number: Devanagari digits and a decimal comma are fine. NaN when it is none. */
export function parseReading(typed: string): number | undefined {
  const plain = typed
    .replace(/[\u0966-\u096f]/g, (digit) => String(digit.charCodeAt(0) - 0x0966))
    .replace(',', '.')
    .trim();
  if (plain === '') return undefined;
  return /^\d+(\.\d+)?$/.test(plain) ? Number(plain) : Number.NaN;
}
