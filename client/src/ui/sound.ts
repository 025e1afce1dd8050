import { readPref, writePref } from './prefs.ts';

/**
 * One family of three sounds, made here and not loaded: a soft bar struck on notes of one pentatonic scale.
 * Browsers stay silent until the person has touched the page once: call `unlockSound` from a first tap (App does).
 */
export type SoundName = 'called' | 'attention' | 'message';

export interface Note {
  /** Seconds from the start. */
  at: number;
  /** Hertz. */
  pitch: number;
  /** Seconds until it has died away. */
  length: number;
  /** 0…1 */
  level: number;
}

const [d5, e5, a5, b5, d6, e6] = [587.33, 659.26, 880, 987.77, 1174.66, 1318.51];

/** Called rises twice and is the longest; attention asks on two notes; a message is one light step. */
export const scores: Record<SoundName, readonly Note[]> = {
  called: [0, 1].flatMap((turn) => [
    { at: turn * 1.1, pitch: d5, length: 0.7, level: 0.9 },
    { at: turn * 1.1 + 0.18, pitch: a5, length: 0.7, level: 0.9 },
    { at: turn * 1.1 + 0.36, pitch: d6, length: 1.1, level: 1 },
  ]),
  attention: [
    { at: 0, pitch: b5, length: 0.5, level: 0.85 },
    { at: 0.16, pitch: e5, length: 0.8, level: 0.85 },
    { at: 0.42, pitch: b5, length: 0.7, level: 0.7 },
  ],
  message: [
    { at: 0, pitch: a5, length: 0.3, level: 0.4 },
    { at: 0.09, pitch: e6, length: 0.45, level: 0.4 },
  ],
};

let context: AudioContext | undefined;
let settings = load();

function load(): { volume: number; muted: boolean } {
  const volume = readPref('volume');
  return {
    volume: typeof volume === 'number' && volume >= 0 && volume <= 1 ? volume : 0.7,
    muted: readPref('muted') === true,
  };
}

/** Volume 0…1 and mute, as remembered. */
export function soundSettings(): Readonly<{ volume: number; muted: boolean }> {
  return settings;
}

/** Changes and remembers volume (clamped to 0…1) or mute. */
export function setSound(change: Partial<{ volume: number; muted: boolean }>): void {
  settings = { ...settings, ...change };
  settings.volume = Math.min(1, Math.max(0, settings.volume));
  writePref('volume', settings.volume);
  writePref('muted', settings.muted);
}

/** Call it in the handler of a tap or key; afterwards sounds may play without one. True when they can. */
export async function unlockSound(): Promise<boolean> {
  if (typeof AudioContext === 'undefined') return false;
  context ??= new AudioContext();
  if (context.state !== 'running') await context.resume().catch(() => {});
  return context.state === 'running';
}

/** Plays it at the remembered volume; silent when muted or not unlocked yet. */
export function playSound(name: SoundName): void {
  if (!context || context.state !== 'running' || settings.muted || settings.volume === 0) return;
  const out = context.createGain();
  // Squared: half the slider sounds half as loud.
  out.gain.value = settings.volume ** 2 * 0.5;
  out.connect(context.destination);
  const start = context.currentTime + 0.02;
  for (const note of scores[name]) strike(context, out, note, start + note.at);
  const end = Math.max(...scores[name].map((n) => n.at + n.length));
  setTimeout(() => out.disconnect(), (end + 0.5) * 1000);
}

/** One struck bar: the note, and a fainter fourth partial that dies sooner. */
function strike(audio: AudioContext, out: AudioNode, note: Note, at: number): void {
  for (const [ratio, share, life] of [
    [1, 1, 1],
    [3.93, 0.22, 0.35],
  ] as const) {
    const tone = audio.createOscillator();
    const envelope = audio.createGain();
    tone.frequency.value = note.pitch * ratio;
    envelope.gain.setValueAtTime(0.0001, at);
    envelope.gain.exponentialRampToValueAtTime(note.level * share, at + 0.008);
    envelope.gain.exponentialRampToValueAtTime(0.0001, at + note.length * life);
    tone.connect(envelope).connect(out);
    tone.start(at);
    tone.stop(at + note.length * life + 0.02);
  }
}
