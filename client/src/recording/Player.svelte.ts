import type { RecordingCard } from '../../../shared/contract/recordings.ts';

/** Sound that is further away than this from the others is set right, seconds. */
const drift = 0.15;

type Track = RecordingCard['tracks'][number];

/** Plays the speakers of one recording together: one clock, one play button, everybody audible or not by choice. */
export class Player {
  readonly tracks: readonly Track[];
  #sounds: { readonly track: Track; readonly audio: HTMLAudioElement; readonly address: string }[] = [];
  playing = $state(false);
  /** Seconds from the beginning of the recording. */
  position = $state(0);
  /** Ids of the speakers that are not heard. */
  silent = $state.raw<ReadonlySet<string>>(new Set());

  constructor(card: RecordingCard) {
    this.tracks = card.tracks;
  }

  /** Seconds. */
  get length(): number {
    return Math.max(0, ...this.tracks.map((track) => track.lengthMs / 1000));
  }

  get ready(): boolean {
    return this.#sounds.length > 0;
  }

  /** @param fetchSound brings one speaker's file. */
  async load(fetchSound: (id: string) => Promise<Blob>): Promise<void> {
    const blobs = await Promise.all(this.tracks.map(async (track) => [track, await fetchSound(track.id)] as const));
    this.#sounds = blobs.map(([track, blob]) => {
      const address = URL.createObjectURL(blob);
      return { track, address, audio: new Audio(address) };
    });
    const first = this.#longest;
    if (!first) return;
    first.ontimeupdate = () => this.#follow(first);
    first.onended = () => this.pause();
  }

  async play(): Promise<void> {
    if (this.position >= this.length - 0.1) this.seek(0);
    this.playing = true;
    await Promise.all(this.#sounds.map(({ audio }) => audio.play().catch(() => undefined)));
  }

  pause(): void {
    this.playing = false;
    for (const { audio } of this.#sounds) audio.pause();
  }

  seek(seconds: number): void {
    this.position = seconds;
    for (const { audio } of this.#sounds) audio.currentTime = seconds;
  }

  /** Whether one speaker is heard. */
  hear(id: string, heard: boolean): void {
    const silent = new Set(this.silent);
    if (heard) silent.delete(id);
    else silent.add(id);
    this.silent = silent;
    for (const { track, audio } of this.#sounds) audio.muted = silent.has(track.id);
  }

  /** Gives the memory back. */
  close(): void {
    this.pause();
    for (const { address } of this.#sounds) URL.revokeObjectURL(address);
    this.#sounds = [];
  }

  get #longest(): HTMLAudioElement | undefined {
    return [...this.#sounds].sort((a, b) => b.track.lengthMs - a.track.lengthMs)[0]?.audio;
  }

  #follow(first: HTMLAudioElement): void {
    this.position = first.currentTime;
    for (const { audio } of this.#sounds) {
      if (audio === first || audio.ended) continue;
      if (Math.abs(audio.currentTime - first.currentTime) > drift) audio.currentTime = first.currentTime;
    }
  }
}
