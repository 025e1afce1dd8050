import { writeWav } from './wav.ts';

/** The same sequence for the same seed: numbers in (-1, 1). */
function random(seed: number): () => number {
  let state = seed * 0x9e3779b1;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 31 - 1;
  };
}

/**
 * Speech as far as a recorder can tell: syllables of voiced noise (300–1200 Hz) with pauses between words. Its correlation
 * with itself has one sharp peak, and with another seed's none.
 */
export function chatter(seed: number, seconds: number, rate: number): Float32Array {
  const next = random(seed);
  const samples = new Float32Array(seconds * rate);
  // Two one-pole filters each way are band enough.
  const [low, high] = [1 - Math.exp((-2 * Math.PI * 1200) / rate), 1 - Math.exp((-2 * Math.PI * 300) / rate)];
  const filters = [0, 0, 0, 0];
  let [at, level, until] = [0, 0, 0];
  let loud = 0;
  while (at < samples.length) {
    if (at >= until) {
      // A syllable of 120–260 ms; every sixth or so is a pause.
      until = at + (0.19 + 0.07 * next()) * rate;
      level = next() > 0.66 ? 0 : 0.7 + 0.3 * next();
    }
    loud += (level - loud) * (40 / rate);
    let value = next();
    for (const stage of [0, 1]) value = filters[stage] = (filters[stage] ?? 0) + low * (value - (filters[stage] ?? 0));
    for (const stage of [2, 3]) {
      filters[stage] = (filters[stage] ?? 0) + high * (value - (filters[stage] ?? 0));
      value -= filters[stage] ?? 0;
    }
    samples[at] = Math.max(-1, Math.min(1, value * loud * 2));
    at += 1;
  }
  return samples;
}

/** Half a minute of it as a WAV file: what a fake microphone hears, over and over. */
export async function writeChatter(path: string, seed: number): Promise<void> {
  const rate = 48_000;
  const sound = chatter(seed, 30, rate);
  await writeWav(
    path,
    rate,
    Array.from(sound, (sample) => sample * 30_000),
  );
}
