import type { MediaSource, SfuInput } from '../../../../shared/contract/sfu.ts';
import { recordingOff, type RecordingInfo } from '../../../../shared/contract/sfuRecording.ts';
import { Emitter } from './Emitter.ts';
import { LocalDevices } from './LocalDevices.ts';
import { Reconciler } from './Reconciler.ts';
import { RoomConnection } from './RoomConnection.ts';
import { SignalLost } from './SignalLink.ts';
import { qualityOf, readStats } from './roomStats.ts';
import {
  finalStates,
  type JoinOptions,
  type LocalSource,
  type Quality,
  type RemotePeer,
  type RemoteTrack,
  type RoomEvents,
  type RoomState,
  type RoomStats,
} from './roomTypes.ts';

const QUALITY_MS = 3_000;

/**
 * One side of a consultation: devices, connection, and what is heard and seen of the others. Knows no user interface.
 *
 * `join` once; then it keeps itself alive until it has `ended`, was `replaced` by another page of the same person, or `leave`.
 */
export class ConsultRoom {
  readonly #emitter = new Emitter<RoomEvents>();
  readonly #devices = new LocalDevices(() => this.#localChanged());
  readonly #reconciler: Reconciler;
  readonly #random: () => number;
  #connection: RoomConnection | undefined;
  #quality: Quality = 'unknown';
  #measured: RoomStats | undefined;
  #measuring: ReturnType<typeof setInterval> | undefined;

  /** @param random in [0, 1), spreads the pauses between attempts */
  constructor(random: () => number = Math.random) {
    this.#random = random;
    this.#reconciler = new Reconciler({
      situation: () => {
        const { signal, media, me, view } = this.#connection ?? {};
        return signal && media && me && view ? { signal, media, me, view } : undefined;
      },
      local: (source) => this.#devices.sending(source),
      changed: () => this.#emitter.emit('peers', this.peers),
    });
  }

  /** Listens to one kind of event. @returns stops listening */
  on<N extends keyof RoomEvents>(name: N, listener: (event: RoomEvents[N]) => void): () => void {
    return this.#emitter.on(name, listener);
  }

  get state(): RoomState {
    return this.#connection?.state ?? 'idle';
  }

  /** This side's microphone and camera. */
  get local(): Readonly<Record<MediaSource, LocalSource>> {
    return this.#devices.sources;
  }

  get quality(): Quality {
    return this.#quality;
  }

  /** Everybody else in the room, with the tracks that are being received. */
  get peers(): readonly RemotePeer[] {
    const { view, media, me } = this.#connection ?? {};
    if (view === undefined) return [];
    return view.peers
      .filter(({ id }) => id !== me)
      .map(({ id, role, state }) => {
        const tracks: Partial<Record<MediaSource, RemoteTrack>> = {};
        for (const producer of view.producers.filter(({ peer }) => peer === id)) {
          const received = media?.received.get(producer.id);
          if (received === undefined) continue;
          const { consumer, stream } = received;
          tracks[producer.source] = { producer: producer.id, paused: producer.paused, track: consumer.track, stream };
        }
        return { id, role, state, tracks };
      });
  }

  /**
   * Opens the devices and joins. A device that cannot be had is no failure: one joins without it, and `local` says why.
   *
   * @returns when the room is live for the first time and this side's tracks are sent, or when it came to another end
   * @throws Error when called twice
   */
  async join(options: JoinOptions): Promise<void> {
    if (this.#connection !== undefined) throw new Error('a ConsultRoom joins once');
    const connection = new RoomConnection(
      options,
      {
        state: (state, code) => {
          if (state === 'live') this.#measure();
          else this.#stopMeasuring();
          if (finalStates.includes(state)) this.#devices.close();
          this.#emitter.emit('state', { state, code });
        },
        changed: () => {
          this.#emitter.emit('peers', this.peers);
          this.#emitter.emit('recording', this.recording);
          void this.#reconciler.run();
        },
      },
      this.#random,
    );
    this.#connection = connection;
    this.#emitter.emit('state', { state: 'connecting', code: undefined });
    const devices = [
      options.microphone === false ? undefined : this.setMicrophone(true),
      options.camera === false ? undefined : this.setCamera(true),
    ];
    await Promise.all([connection.start(), ...devices]);
    await this.#reconciler.run();
  }

  /** Mutes or unmutes. Never throws; see `local.microphone.problem`. */
  setMicrophone(on: boolean): Promise<void> {
    return this.#set('microphone', on);
  }

  /** Switches the camera (and its light) on or off. Never throws; see `local.camera.problem`. */
  setCamera(on: boolean): Promise<void> {
    return this.#set('camera', on);
  }

  /**
   * The largest simulcast layer of somebody's camera that is wanted: 0 for a thumbnail, 2 for the whole window.
   *
   * @param producer `RemoteTrack.producer`
   */
  async preferLayer(producer: string, spatial: 0 | 1 | 2): Promise<void> {
    const { signal, media } = this.#connection ?? {};
    const received = media?.received.get(producer);
    if (received === undefined) return;
    await signal?.request('setPreferredLayers', { consumer: received.consumer.id, spatial });
  }

  /** One's own seat; `undefined` until it is taken. */
  get me(): string | undefined {
    return this.#connection?.me;
  }

  /** What the node's recorder really does. */
  get recording(): RecordingInfo {
    return this.#connection?.view.recording ?? recordingOff;
  }

  /** Shows one's consent, as the hub signed it. @throws SignalRefused or SignalLost, as the three after it */
  consent(token: string): Promise<void> {
    return this.#ask('consent', { token });
  }

  /** Stops the recording at once, and nothing of oneself is recorded without a new consent. */
  withdrawConsent(): Promise<void> {
    return this.#ask('withdrawConsent', {});
  }

  startRecording(): Promise<void> {
    return this.#ask('startRecording', {});
  }

  stopRecording(): Promise<void> {
    return this.#ask('stopRecording', {});
  }

  /** Counters of the present connection, `undefined` while there is none. */
  async stats(): Promise<RoomStats | undefined> {
    const { media, view } = this.#connection ?? {};
    return media === undefined || view === undefined ? undefined : readStats(media, view.producers, Date.now());
  }

  /** After `failed`: tries again with a fresh grant. */
  async retry(): Promise<void> {
    await this.#connection?.retry();
  }

  /** Leaves the room and gives the devices back; the others see it at once. */
  async leave(): Promise<void> {
    const connection = this.#connection;
    if (connection === undefined || finalStates.includes(connection.state)) return this.#devices.close();
    this.#devices.close();
    // A node that cannot be asked any more gives the seat up by itself.
    await connection.signal?.request('leave', {}).catch(() => undefined);
    connection.finish('left');
    this.#reconciler.stop();
  }

  /**
   * Ends the consultation for everybody; the doctor only.
   *
   * @throws SignalRefused (FORBIDDEN) or SignalLost; the room goes on then
   */
  async end(): Promise<void> {
    const connection = this.#connection;
    if (connection?.signal === undefined) throw new Error('not connected');
    await connection.signal.request('end', {});
    connection.finish('ended');
    this.#reconciler.stop();
  }

  async #ask<N extends 'consent' | 'withdrawConsent' | 'startRecording' | 'stopRecording'>(
    name: N,
    input: SfuInput<N>,
  ): Promise<void> {
    const signal = this.#connection?.signal;
    if (signal === undefined) throw new SignalLost('not connected');
    await signal.request(name, input);
  }

  async #set(source: MediaSource, on: boolean): Promise<void> {
    if (finalStates.includes(this.state)) return;
    await this.#devices.set(source, on);
    await this.#reconciler.run();
  }

  #localChanged(): void {
    this.#emitter.emit('local', this.local);
    void this.#reconciler.run();
  }

  #measure(): void {
    clearInterval(this.#measuring);
    this.#measuring = setInterval(() => void this.#readQuality(), QUALITY_MS);
  }

  #stopMeasuring(): void {
    clearInterval(this.#measuring);
    this.#measured = undefined;
    this.#tellQuality('unknown');
  }

  async #readQuality(): Promise<void> {
    const now = await this.stats().catch(() => undefined);
    if (now === undefined || this.state !== 'live') return;
    const producers = this.#connection?.view.producers ?? [];
    const sending = new Set(producers.filter(({ paused }) => !paused).map(({ id }) => id));
    if (this.#measured !== undefined) this.#tellQuality(qualityOf(this.#measured, now, sending));
    this.#measured = now;
  }

  #tellQuality(quality: Quality): void {
    if (quality === this.#quality) return;
    this.#quality = quality;
    this.#emitter.emit('quality', quality);
  }
}
