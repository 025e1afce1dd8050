import type { KeyObject } from 'node:crypto';
import type { ConsentClaims } from '../../shared/contract/sfuRecording.ts';
import { readConsent } from './consent.ts';
import { Recording, type RecordedRoom, type RecordingDeps } from './Recording.ts';

/** A recording whose room has closed waits so long for it to come back (a lost worker, a moved page), ms. */
const keepMs = 60_000;

/** The recordings of this node by room name: they outlive the room's router. */
export class Recordings {
  readonly #deps: RecordingDeps & { readonly key: KeyObject };
  /** Of rooms that are over; their files are being finished. */
  readonly #ending = new Set<Promise<void>>();
  readonly #all = new Map<string, { readonly recording: Recording; forget: NodeJS.Timeout | null }>();

  /** @param deps.key verifies what the hub signed. */
  constructor(deps: RecordingDeps & { readonly key: KeyObject }) {
    this.#deps = deps;
  }

  /** @throws SfuFailure GRANT_INVALID */
  async readConsent(token: string): Promise<ConsentClaims> {
    return await readConsent(token, this.#deps.key, this.#deps.now());
  }

  get running(): number {
    return [...this.#all.values()].filter(({ recording }) => recording.info.state === 'on').length;
  }

  /** The room has opened here. */
  attach(name: string, room: RecordedRoom): Recording {
    const known = this.#all.get(name);
    if (known?.forget) clearTimeout(known.forget);
    const held = known ?? { recording: new Recording(name, this.#deps), forget: null };
    held.forget = null;
    this.#all.set(name, held);
    held.recording.attach(room);
    return held.recording;
  }

  /** The room has closed here. @param over the consultation has ended, or moved to another node. */
  async detach(name: string, room: RecordedRoom, over: boolean): Promise<void> {
    const held = this.#all.get(name);
    if (!held) return;
    if (over) {
      this.#all.delete(name);
      return await this.#finish(held.recording.detach(room, true));
    }
    held.forget = setTimeout(() => {
      this.#all.delete(name);
      void this.#finish(held.recording.detach(room, true));
    }, keepMs);
    held.forget.unref();
    await held.recording.detach(room, held.recording.idle);
  }

  /** Every file whose recording has been stopped is complete. */
  async finished(): Promise<void> {
    await Promise.all([...this.#ending, ...[...this.#all.values()].map(({ recording }) => recording.settled())]);
  }

  /** Finishes every file. */
  async close(): Promise<void> {
    const all = [...this.#all.values()];
    this.#all.clear();
    for (const { recording, forget } of all) {
      if (forget) clearTimeout(forget);
      recording.stop();
    }
    await Promise.all([...this.#ending, ...all.map(({ recording }) => recording.settled())]);
  }

  async #finish(work: Promise<void>): Promise<void> {
    this.#ending.add(work);
    await work;
    this.#ending.delete(work);
  }
}
