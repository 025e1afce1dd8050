export const checkSteps = ['camera', 'microphone', 'speaker'] as const;
export type CheckStep = (typeof checkSteps)[number];

/** How long a check of this device is believed, ms: people move house, plug in headphones, change settings. */
const believedMs = 7 * 24 * 60 * 60_000;

/** Whether the check done at `at` (as remembered by this browser, so it may be anything) still counts. */
export function stillChecked(at: unknown, now: number): boolean {
  return typeof at === 'number' && at <= now && now - at < believedMs;
}

/** Loudness of samples (−1…1) as a share of the meter, 0…1: quiet speech about a third, loud speech full. */
export function loudness(samples: Float32Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  const rms = Math.sqrt(sum / Math.max(1, samples.length));
  const decibels = 20 * Math.log10(Math.max(rms, 1e-5));
  return Math.min(1, Math.max(0, (decibels + 55) / 40));
}

/** Loud enough, often enough, to say "we hear you": a door that slams is no voice. */
export function heardVoice(before: number, level: number): number {
  return level > 0.3 ? Math.min(1, before + 0.08) : Math.max(0, before - 0.01);
}
