import { untrack } from 'svelte';
import type { Position, Subscribed } from '../../../shared/contract/wire.ts';
import { backoff } from './backoff.ts';
import { isDenied, RequestError } from './RequestError.ts';

/**
 * `loading` nothing yet · `live` what you see is now · `stale` what you see was true at `updatedAt` · `denied` not yours, not there,
 * or taken away · `error` nothing to show and the last try failed (it goes on trying).
 */
export type SubscriptionStatus = 'loading' | 'live' | 'stale' | 'denied' | 'error';

/** What a subscription needs of the hub. */
export interface Wire {
  readonly live: boolean;
  subscribe(channel: string, key: string, since: Position | undefined): Promise<Subscribed>;
  unsubscribe(channel: string, key: string): void;
}

/** How long a subscription outlives its last user, ms: a change of page should not cost a snapshot. */
const lingerMs = 2_000;

/** What streams and views have in common: users are counted, a lost connection is picked up, failures are retried. */
export abstract class Subscription {
  readonly channel: string;
  readonly key: string;
  #wire: Wire;
  #status = $state<SubscriptionStatus>('loading');
  #error = $state.raw<RequestError | null>(null);
  #updatedAt = $state<number | null>(null);
  #users = 0;
  #open = false;
  #round = 0;
  #failures = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #linger: ReturnType<typeof setTimeout> | undefined;
  #ended = false;

  constructor(channel: string, key: string, wire: Wire) {
    this.channel = channel;
    this.key = key;
    this.#wire = wire;
  }

  get status(): SubscriptionStatus {
    return this.#status;
  }
  /** Why `denied` or `error`. */
  get error(): RequestError | null {
    return this.#error;
  }
  /** When the state last came from the server, ms since the epoch by our own clock. */
  get updatedAt(): number | null {
    return this.#updatedAt;
  }

  /** One more user; the returned function takes it back. The first opens the subscription, the last closes it (after a moment). */
  acquire(): () => void {
    this.#users++;
    clearTimeout(this.#linger);
    // Untracked: an effect that acquires must not run again because the connection or this store changed.
    if (!this.#open && !this.#ended) {
      this.#open = true;
      untrack(() => {
        if (this.#wire.live) this.sync();
      });
    }
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      if (--this.#users > 0) return;
      this.#linger = setTimeout(() => this.#leave(), lingerMs);
    };
  }

  /** Ask again now, after a failure. */
  retry(): void {
    if (!this.#open) return;
    this.#failures = 0;
    if (this.#status === 'denied' || this.#status === 'error') this.#status = this.hasState ? 'stale' : 'loading';
    this.#error = null;
    if (this.#wire.live) this.sync();
  }

  /** The connection came up. */
  connected(): void {
    if (this.#open) this.sync();
  }

  /** The connection went down: what is shown stays, and says so. */
  disconnected(): void {
    this.#round++;
    clearTimeout(this.#timer);
    this.abandon();
    if (this.#status === 'live') this.#status = 'stale';
  }

  /** We did not keep up and the hub left frames out. */
  resync(): void {
    if (this.#open && this.#status !== 'denied') this.sync();
  }

  /** The hub took the access away. */
  closed(): void {
    this.#round++;
    this.clear();
    this.#status = 'denied';
    this.#error = new RequestError('NOT_FOUND', 'access ended');
  }

  /** Signed out: nothing of the account stays in memory. */
  dispose(): void {
    this.#ended = true;
    this.#open = false;
    clearTimeout(this.#timer);
    clearTimeout(this.#linger);
    this.closed();
  }

  /** Sends a `subscribe`, from where we stand. */
  protected sync(): void {
    const round = ++this.#round;
    clearTimeout(this.#timer);
    this.#wire.subscribe(this.channel, this.key, this.begin()).then(
      (reply) => {
        if (round === this.#round) this.#answered(reply);
      },
      (thrown: unknown) => {
        if (round === this.#round) this.#failed(RequestError.of(thrown));
      },
    );
  }

  /** Called by a subclass after something new was applied. */
  protected touched(): void {
    this.#updatedAt = Date.now();
  }

  protected abstract get hasState(): boolean;
  /** A `subscribe` goes out; where we stand. */
  protected abstract begin(): Position | undefined;
  /** Its answer: false when it leaves a gap and has to be asked again. Throws when it does not fit the contract. */
  protected abstract take(reply: Subscribed): boolean;
  /** No answer will come. */
  protected abstract abandon(): void;
  /** Forget everything. */
  protected abstract clear(): void;

  #answered(reply: Subscribed): void {
    let complete: boolean;
    try {
      complete = this.take(reply);
    } catch (thrown) {
      this.clear();
      this.#failed(RequestError.of(thrown));
      return;
    }
    if (!complete) {
      this.#again();
      return;
    }
    this.#failures = 0;
    this.#error = null;
    this.#status = 'live';
    this.touched();
  }

  #failed(error: RequestError): void {
    this.abandon();
    if (!this.#open) return;
    if (isDenied(error.code)) {
      this.clear();
      this.#status = 'denied';
      this.#error = error;
      return;
    }
    this.#error = error;
    this.#status = this.hasState ? 'stale' : 'error';
    this.#again();
  }

  #again(): void {
    clearTimeout(this.#timer);
    const first = this.#failures === 0 && this.#error === null;
    const wait = first ? 0 : backoff(this.#failures, Math.random);
    this.#failures++;
    this.#timer = setTimeout(() => {
      if (this.#open && this.#wire.live) this.sync();
    }, wait);
  }

  #leave(): void {
    if (!this.#open || this.#users > 0) return;
    this.#open = false;
    this.#round++;
    clearTimeout(this.#timer);
    this.abandon();
    if (this.#status === 'live') this.#status = 'stale';
    if (this.#wire.live) this.#wire.unsubscribe(this.channel, this.key);
  }
}
