import { untrack } from 'svelte';
import { idleness, nextLookMs, tellEveryMs, type Idleness } from './idleRules.ts';

/** What people do when they are there. Not `scroll`: a page scrolls by itself when something arrives. */
const inputs = ['pointerdown', 'pointermove', 'keydown', 'wheel', 'touchstart'] as const;
/** A moving mouse need not be noted more often, ms. */
const noteEveryMs = 1_000;
const storedAt = 'nadi.active-at';

export interface IdlePorts {
  readonly page: Document;
  readonly flags: Pick<Storage, 'getItem' | 'setItem'>;
  now(): number;
  /** Somebody is there in this tab: the others must know. */
  tell(at: number): void;
}

/**
 * Whether anybody is at this device, over all its tabs. Where the sign-in has a limit (desk roles) somebody is asked before it is reached, and
 * `onover` is called when it is. What runs by itself but has a person in it (a call, a visit) holds it: that counts as being there.
 */
export class Idle {
  #ports: IdlePorts;
  #lastAt: number;
  #toldAt: number;
  #limitMs: number | null = null;
  #holds = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #now = $state.raw<Idleness>({ kind: 'there' });
  /** Nobody was there for the whole limit. */
  onover: () => void = () => undefined;
  /** Somebody is there, and the hub should hear of it. */
  onactive: () => void = () => undefined;

  constructor(ports: IdlePorts) {
    this.#ports = ports;
    this.#toldAt = ports.now();
    this.#lastAt = this.#toldAt - (this.beforeLoadMs() ?? 0);
    const noted = (): void => {
      const now = this.#ports.now();
      if (this.#now.kind === 'there' && now - this.#lastAt < noteEveryMs) return;
      // A sleeping machine wakes by its first key: what was over stays over.
      if (this.#look().kind !== 'over') this.note();
    };
    for (const name of inputs) ports.page.addEventListener(name, noted, { passive: true, capture: true });
    ports.page.addEventListener('visibilitychange', () => this.#look());
  }

  /** What holds now; reactive. */
  get state(): Idleness {
    return this.#now;
  }

  /** How long nobody has been there, ms; of the last visit too, when this page was loaded after it. */
  quietMs(): number {
    if (this.#holds > 0) return 0;
    return Math.max(0, this.#ports.now() - this.#lastAt);
  }

  /** How long ago somebody was here before this page was loaded, ms; undefined when nobody was. */
  beforeLoadMs(): number | undefined {
    const at = Number(this.#ports.flags.getItem(storedAt) ?? NaN);
    return Number.isFinite(at) ? Math.max(0, Math.round(this.#ports.now() - at)) : undefined;
  }

  /** The limit of the sign-in, ms; null: none. */
  limit(ms: number | null): void {
    const begins = this.#limitMs === null && ms !== null;
    this.#limitMs = ms;
    // Whoever signs in is there, whatever was before.
    if (begins && this.quietMs() >= ms) this.#lastAt = this.#ports.now();
    if (begins) this.#toldAt = this.#ports.now();
    this.#look();
  }

  /** Somebody is there. */
  note(): void {
    const now = this.#ports.now();
    this.#set(now);
    if (this.#limitMs === null) return;
    this.#ports.flags.setItem(storedAt, String(now));
    this.#ports.tell(now);
    if (now - this.#toldAt >= tellEveryMs(this.#limitMs)) {
      this.#toldAt = now;
      this.onactive();
    }
  }

  /** Somebody was there in another tab. */
  heard(at: number): void {
    if (at > this.#lastAt) this.#set(Math.min(at, this.#ports.now()));
  }

  /** Counts as somebody being there until released: a call, a visit. */
  hold(): () => void {
    untrack(() => {
      this.#holds += 1;
      this.note();
    });
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.#holds -= 1;
      untrack(() => this.note());
    };
  }

  #set(at: number): void {
    this.#lastAt = at;
    this.#look();
  }

  #look(): Idleness {
    clearTimeout(this.#timer);
    const limit = this.#limitMs;
    if (limit === null) return (this.#now = { kind: 'there' });
    if (this.#holds > 0) {
      this.#now = { kind: 'there' };
      this.#timer = setTimeout(() => this.note(), tellEveryMs(limit));
      return this.#now;
    }
    const quiet = this.quietMs();
    const found = idleness(quiet, limit);
    this.#now = found;
    if (found.kind === 'over') {
      this.#limitMs = null;
      this.onover();
    } else this.#timer = setTimeout(() => this.#look(), nextLookMs(quiet, limit));
    return found;
  }
}
