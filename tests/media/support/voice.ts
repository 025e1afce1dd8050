import type { Page } from 'playwright-core';
import { chatter } from './chatter.ts';

/** Samples per second at which sound is compared; what is said stays below half of it. */
export const voiceRate = 16_000;
const loopSeconds = 40;

/** A speaker whose sound is a function of wall time alone, over reloads and stalls: what ought to be in a recording is known exactly. */
export class Voice {
  /** Wall time of the first sample, ms. */
  readonly #from: number;
  readonly #sound: Float32Array;

  constructor(seed: number, from: number) {
    this.#from = from;
    this.#sound = chatter(seed, loopSeconds, voiceRate);
  }

  /** Gives the page this voice in place of a microphone. Before it is loaded. */
  async speakIn(page: Page): Promise<void> {
    const base64 = Buffer.from(this.#sound.buffer).toString('base64');
    await page.addInitScript(microphone, { base64, rate: voiceRate, from: this.#from });
  }

  /** What was said from `at` (wall time, ms) on. */
  said(at: number, samples: number): Float32Array {
    const first = Math.round(((at - this.#from) / 1000) * voiceRate);
    return Float32Array.from({ length: samples }, (_, index) => this.#sound[(first + index) % this.#sound.length] ?? 0);
  }
}

/** Runs in the page. What the machine was too busy to play is skipped, as a real microphone would have lost it. */
function microphone({ base64, rate, from }: { base64: string; rate: number; from: number }): void {
  const samples = new Float32Array(Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0)).buffer);
  const devices = navigator.mediaDevices;
  const original = devices.getUserMedia.bind(devices);
  devices.getUserMedia = async (constraints) => {
    if (!constraints?.audio) return await original(constraints);
    const context = new AudioContext({ sampleRate: 48_000 });
    await context.resume();
    const buffer = new AudioBuffer({ length: samples.length, sampleRate: rate });
    buffer.copyToChannel(samples, 0);
    const out = new MediaStreamAudioDestinationNode(context, { channelCount: 1 });
    let source: AudioBufferSourceNode | undefined;
    let begun = { wall: 0, context: 0 };
    const follow = (): void => {
      const drift = (Date.now() - begun.wall) / 1000 - (context.currentTime - begun.context);
      if (source && Math.abs(drift) < 0.015) return;
      source?.stop();
      begun = { wall: Date.now(), context: context.currentTime };
      source = new AudioBufferSourceNode(context, { buffer, loop: true });
      source.connect(out);
      source.start(0, ((begun.wall - from) / 1000) % buffer.duration);
    };
    follow();
    setInterval(follow, 100);
    return out.stream;
  };
}

/** The sound of an Ogg/Opus file as a browser decodes it. */
export async function decode(page: Page, ogg: Buffer): Promise<Float32Array> {
  const base64 = await page.evaluate(
    async ([file, rate]) => {
      const bytes = Uint8Array.from(atob(file), (letter) => letter.charCodeAt(0));
      const sound = await new OfflineAudioContext(1, 1, rate).decodeAudioData(bytes.buffer);
      const samples = new Uint8Array(sound.getChannelData(0).slice().buffer);
      let text = '';
      for (let at = 0; at < samples.length; at += 32_768) {
        text += String.fromCharCode(...samples.subarray(at, at + 32_768));
      }
      return btoa(text);
    },
    [ogg.toString('base64'), voiceRate] as const,
  );
  const bytes = Buffer.from(base64, 'base64');
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
}

export interface Match {
  /** Normalised, 1 is the same. */
  readonly peak: number;
  /** How much later it is in the file, ms. */
  readonly lagMs: number;
}

/** Where in the file a stretch that should be at `position` is found best, at most `reach` samples away. */
export function correlate(wanted: Float32Array, file: Float32Array, position: number, reach: number): Match {
  const energy = sumOfSquares(wanted, 0, wanted.length);
  const at = (lag: number): Match => {
    const from = position + lag;
    if (from < 0 || from + wanted.length > file.length) return { peak: 0, lagMs: 0 };
    let product = 0;
    for (let index = 0; index < wanted.length; index += 1) product += (file[from + index] ?? 0) * (wanted[index] ?? 0);
    const power = sumOfSquares(file, from, from + wanted.length);
    const peak = energy === 0 || power === 0 ? 0 : product / Math.sqrt(energy * power);
    return { peak, lagMs: (lag / voiceRate) * 1000 };
  };
  // Every other sample first, then those beside the best.
  let best = { lag: 0, match: at(0) };
  const consider = (lag: number): void => {
    const match = at(lag);
    if (match.peak > best.match.peak) best = { lag, match };
  };
  for (let lag = -reach; lag <= reach; lag += 2) consider(lag);
  const { lag } = best;
  consider(lag - 1);
  consider(lag + 1);
  return best.match;
}

function sumOfSquares(samples: Float32Array, from: number, to: number): number {
  let sum = 0;
  for (let index = from; index < to; index += 1) sum += (samples[index] ?? 0) ** 2;
  return sum;
}
