import { expect, it } from 'vitest';
import { heardVoice, loudness, stillChecked } from './rules.ts';

const day = 24 * 60 * 60_000;

it('believes a check for a week, and nothing that was not written by one', () => {
  expect(stillChecked(0, 6 * day)).toBe(true);
  expect(stillChecked(0, 7 * day)).toBe(false);
  expect(stillChecked(5, 4)).toBe(false);
  expect(stillChecked('yes', 4)).toBe(false);
  expect(stillChecked(undefined, 4)).toBe(false);
});

it('shows silence as nothing, speech within the meter, and never leaves it', () => {
  const tone = (level: number) => Float32Array.from({ length: 512 }, (_, i) => level * Math.sin(i / 3));
  expect(loudness(new Float32Array(512))).toBe(0);
  expect(loudness(new Float32Array(0))).toBe(0);
  const [quiet, loud] = [loudness(tone(0.02)), loudness(tone(0.2))];
  expect(quiet).toBeGreaterThan(0.1);
  expect(loud).toBeGreaterThan(quiet);
  expect(loudness(tone(1))).toBe(1);
});

it('hears a voice, not one slam of a door', () => {
  let heard = heardVoice(0, 1);
  expect(heard).toBeLessThan(1);
  for (let i = 0; i < 20; i++) heard = heardVoice(heard, 0.6);
  expect(heard).toBe(1);
});
