import { randomInt, randomUUID } from 'node:crypto';
import type { types } from 'mediasoup';
import type { Logger } from 'pino';
import { recordingOff, type RecordingInfo } from '../../shared/contract/sfuRecording.ts';
import { OpusFile } from './OpusFile.ts';
import { readRtp } from './rtp.ts';
import type { Spool } from './Spool.ts';
import type { SpoolWriter } from './SpoolFile.ts';

/** The room as a recording sees it. */
export interface RecordedRoom {
  readonly epoch: number;
  readonly router: types.Router;
  /** Everybody who holds a seat, with the microphones they send. */
  present(): { readonly peer: string; readonly microphones: readonly types.Producer[] }[];
  /** The recorder's state has changed: everybody is told. */
  changed(info: RecordingInfo): void;
}

export interface RecordingDeps {
  readonly spool: Spool;
  readonly log: Logger;
  readonly now: () => number;
}

interface Track {
  readonly id: string;
  readonly file: OpusFile;
  readonly writer: SpoolWriter;
  /** The producer that is heard at the moment. */
  producer: string | null;
}

/** Files follow the clock this often, ms. */
const tickMs = 200;

/**
 * The recording of one consult room on this node, over mute, reconnects, new producers and the loss of a worker. It
 * runs while it is asked for and everybody present has consented; one file per participant, all on one time axis.
 */
export class Recording {
  readonly #room: string;
  readonly #deps: RecordingDeps;
  readonly #consents = new Map<string, number>();
  readonly #withdrawn = new Map<string, number>();
  readonly #tracks = new Map<string, Track>();
  #on: RecordedRoom | null = null;
  #asked = false;
  #failed = false;
  #id = randomUUID();
  #startedAt: number | null = null;
  #transport: types.DirectTransport | null = null;
  #taps = new Map<string, types.Consumer>();
  /** Every microphone of the room is being heard. */
  #tapped = false;
  #ticker: NodeJS.Timeout | null = null;
  #work: Promise<void> = Promise.resolve();

  constructor(room: string, deps: RecordingDeps) {
    this.#room = room;
    this.#deps = deps;
  }

  get info(): RecordingInfo {
    if (!this.#asked && !this.#failed && this.#consents.size === 0) return recordingOff;
    const state = this.#failed ? 'failed' : !this.#asked ? 'off' : this.#live() ? 'on' : 'waiting';
    return { state, consented: [...this.#consents.keys()].sort(), since: this.#startedAt };
  }

  /** Packets written since this recording began. */
  get packets(): number {
    return [...this.#tracks.values()].reduce((sum, { file }) => sum + file.stats.packets, 0);
  }

  /** What was begun is done. */
  async settled(): Promise<void> {
    await this.#work;
  }

  /** Nothing is asked, held or written: may be forgotten. */
  get idle(): boolean {
    return !this.#asked && this.#tracks.size === 0;
  }

  /** The room runs here (again): on a new router after a lost worker. */
  attach(room: RecordedRoom): void {
    this.#on = room;
    this.look();
  }

  /** The room has closed under it. @param over for good, not to come back in a moment. */
  detach(room: RecordedRoom, over: boolean): Promise<void> {
    if (this.#on === room) this.#on = null;
    if (over) this.#asked = false;
    this.look();
    return this.#work;
  }

  ask(): void {
    this.#asked = true;
    this.#failed = false;
    this.#tell();
    this.look();
  }

  /** Anybody may. What was recorded until now stays. */
  stop(): void {
    this.#asked = false;
    this.#tell();
    this.look();
  }

  /** @param givenAt UTC ms; one from before a withdrawal no longer counts. */
  consent(peer: string, givenAt: number): boolean {
    if (givenAt <= (this.#withdrawn.get(peer) ?? -Infinity)) return false;
    this.#consents.set(peer, givenAt);
    this.#tell();
    this.look();
    return true;
  }

  /** At once: not a packet more is written of anybody. */
  withdraw(peer: string): void {
    this.#withdrawn.set(peer, this.#deps.now());
    this.#consents.delete(peer);
    this.#asked = false;
    this.#silenceTaps();
    this.#tell();
    this.look();
  }

  /** Somebody came, went, or sends another microphone. */
  look(): void {
    if (!this.#allowed()) this.#silenceTaps();
    this.#work = this.#work
      .then(() => this.#settle())
      .catch((error: unknown) => this.#fail(error instanceof Error ? error : new Error(String(error))));
  }

  #live(): boolean {
    return this.#tapped && this.#transport !== null && !this.#transport.closed;
  }

  #allowed(): boolean {
    const present = this.#on?.present() ?? [];
    return this.#asked && present.length > 0 && present.every(({ peer }) => this.#consents.has(peer));
  }

  async #settle(): Promise<void> {
    const before = this.info;
    const room = this.#on;
    if (room && this.#allowed()) {
      if (!this.#transport || this.#transport.closed) await this.#open(room);
      for (const { peer, microphones } of room.present()) {
        for (const producer of microphones) await this.#tap(room, peer, producer);
      }
      this.#tapped = this.#allowed();
    } else {
      this.#silenceTaps();
    }
    if (!this.#asked) await this.#close();
    if (JSON.stringify(before) !== JSON.stringify(this.info)) this.#tell();
  }

  async #open(room: RecordedRoom): Promise<void> {
    this.#transport = await room.router.createDirectTransport();
    this.#startedAt ??= this.#deps.now();
    this.#ticker ??= setInterval(() => {
      for (const { file } of this.#tracks.values()) file.tick(this.#deps.now());
    }, tickMs);
  }

  async #tap(room: RecordedRoom, peer: string, producer: types.Producer): Promise<void> {
    if (this.#taps.has(producer.id) || producer.closed || !this.#transport) return;
    const track = await this.#track(room, peer);
    const consumer = await this.#transport.consume({
      producerId: producer.id,
      rtpCapabilities: room.router.rtpCapabilities,
    });
    // Consent may have gone while we were asking the worker.
    if (!this.#allowed()) return consumer.close();
    this.#taps.set(producer.id, consumer);
    consumer.observer.once('close', () => this.#taps.delete(producer.id));
    // Every consumer counts anew, also one of the same producer.
    if (track.producer !== null) track.file.newSource();
    track.producer = producer.id;
    consumer.on('rtp', (bytes) => {
      const packet = track.producer === producer.id ? readRtp(bytes, this.#deps.now()) : null;
      if (packet) track.file.push(packet);
    });
  }

  async #track(room: RecordedRoom, peer: string): Promise<Track> {
    const known = this.#tracks.get(peer);
    if (known) return known;
    const startedAt = this.#startedAt ?? this.#deps.now();
    const id = randomUUID();
    const entry = { id, recording: this.#id, room: this.#room, epoch: room.epoch, peer, startedAt };
    const writer = await this.#deps.spool.begin(entry);
    const file = new OpusFile(startedAt, randomInt(2 ** 31), (page) =>
      writer.append(page, (error) => this.#fail(error)),
    );
    const track: Track = { id, file, writer, producer: null };
    this.#tracks.set(peer, track);
    return track;
  }

  /** No more sound from now on; the files stay open and follow the clock. */
  #silenceTaps(): void {
    for (const consumer of [...this.#taps.values()]) consumer.close();
    this.#taps.clear();
    this.#transport?.close();
    this.#transport = null;
    this.#tapped = false;
  }

  async #close(): Promise<void> {
    if (this.#ticker) clearInterval(this.#ticker);
    this.#ticker = null;
    const tracks = [...this.#tracks.values()];
    this.#tracks.clear();
    const now = this.#deps.now();
    for (const { id, file, writer } of tracks) {
      file.close(now);
      await writer.close();
      const { packets, seconds } = file.stats;
      const end = { bytes: writer.bytes, packets, lengthMs: Math.round(seconds * 1000), interrupted: this.#failed };
      await this.#deps.spool.finish(id, end);
    }
    this.#id = randomUUID();
    this.#startedAt = null;
  }

  #fail(error: Error): void {
    this.#deps.log.error({ err: error, room: this.#room }, 'recording failed');
    this.#failed = true;
    this.#asked = false;
    this.#silenceTaps();
    this.#tell();
    this.#work = this.#work.then(() => this.#close()).catch(() => undefined);
  }

  #tell(): void {
    this.#on?.changed(this.info);
  }
}
