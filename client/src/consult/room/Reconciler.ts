import type { MediaSource, RoomSnapshot } from '../../../../shared/contract/sfu.ts';
import type { MediaLink } from './MediaLink.ts';
import { SignalRefused, type SignalLink } from './SignalLink.ts';

/** What there is to bring in line. */
export interface Situation {
  readonly signal: SignalLink;
  readonly media: MediaLink;
  readonly view: RoomSnapshot;
  /** This side's peer id. */
  readonly me: string;
}

export interface ReconcilerParts {
  /** `undefined` while there is no connection. */
  situation(): Situation | undefined;
  /** The track to send, and whether it is muted. */
  local(source: MediaSource): { track: MediaStreamTrack | undefined; paused: boolean };
  /** What is received has changed. */
  changed(): void;
}

const RETRY_MS = 1_000;
const RETRIES = 5;

/**
 * Makes what is sent and received match what is wanted: this side's devices on the one hand, the producers of the room on the
 * other. Runs after every change, one pass at a time, and only does what is missing; so it is right after any repair.
 */
export class Reconciler {
  readonly #parts: ReconcilerParts;
  #running: Promise<void> | undefined;
  #again = false;
  #failures = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Producers this browser cannot decode. */
  readonly #strange = new Set<string>();

  constructor(parts: ReconcilerParts) {
    this.#parts = parts;
  }

  /** @returns when everything that was wanted at the call has been tried */
  run(): Promise<void> {
    this.#again = true;
    this.#running ??= this.#loop().finally(() => (this.#running = undefined));
    return this.#running;
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  async #loop(): Promise<void> {
    while (this.#again) {
      this.#again = false;
      const situation = this.#parts.situation();
      if (situation === undefined) return;
      try {
        await this.#sendLocal(situation, 'microphone');
        await this.#sendLocal(situation, 'camera');
        await this.#receiveRemote(situation);
        this.#failures = 0;
      } catch (error) {
        this.#failed(error);
      }
    }
  }

  /** A lost connection is repaired elsewhere and brings the next run; anything else is tried a few times more. */
  #failed(error: unknown): void {
    this.#failures += 1;
    clearTimeout(this.#timer);
    const worthIt = error instanceof SignalRefused || (error instanceof Error && error.name !== 'SignalLost');
    if (worthIt && this.#failures <= RETRIES) this.#timer = setTimeout(() => void this.run(), RETRY_MS);
  }

  async #sendLocal({ signal, media }: Situation, source: MediaSource): Promise<void> {
    const { track, paused } = this.#parts.local(source);
    let sent = media.sent.get(source);
    if (sent === undefined) {
      if (track === undefined) return;
      await media.publish(source, track, paused);
      sent = media.sent.get(source);
      if (sent === undefined) return;
    }
    const { producer } = sent;
    if (producer.track !== (track ?? null)) await producer.replaceTrack({ track: track ?? null });
    // A camera that gives nothing is off, whatever is wanted.
    const silent = paused || track === undefined;
    if (sent.pausedThere !== silent) {
      await signal.request(silent ? 'pauseProducer' : 'resumeProducer', { producer: producer.id });
      sent.pausedThere = silent;
    }
    if (silent) producer.pause();
    else producer.resume();
  }

  async #receiveRemote({ signal, media, view, me }: Situation): Promise<void> {
    const offered = view.producers.filter(({ peer }) => peer !== me);
    for (const [id, { consumer }] of [...media.received]) {
      if (!offered.some((producer) => producer.id === id)) {
        consumer.close();
        this.#parts.changed();
      }
    }
    for (const { id } of offered) {
      if (this.#strange.has(id)) continue;
      if (!media.received.has(id)) {
        try {
          const offer = await signal.request('consume', { producer: id });
          if (this.#parts.situation()?.media !== media) {
            // Asked for on the old transports, answered on the new ones.
            await signal.request('closeConsumer', { consumer: offer.consumer });
            this.#again = true;
            return;
          }
          await media.receive(offer);
        } catch (error) {
          if (!(error instanceof SignalRefused)) throw error;
          if (error.code === 'CANNOT_CONSUME') this.#strange.add(id);
          // Closed meanwhile: the update that says so is on its way.
          else if (error.code !== 'NOT_FOUND') throw error;
          continue;
        }
      }
      const received = media.received.get(id);
      if (received === undefined || received.flowing) continue;
      await signal.request('resumeConsumer', { consumer: received.consumer.id });
      received.flowing = true;
      this.#parts.changed();
    }
  }
}
