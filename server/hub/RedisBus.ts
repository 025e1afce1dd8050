import { z } from 'zod';
import type { Logger } from '../support/logger.ts';
import type { Metrics } from '../support/metrics.ts';
import type { BusMessage, BusState, WatchedBus } from './Bus.ts';
import { closeRedis, openRedis, type RedisClient } from './redis.ts';

export interface RedisBusOptions {
  readonly url: string;
  /** Before every channel, so that several installations can share a Redis. */
  readonly prefix: string;
  /** This hub's id. */
  readonly hub: string;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly now: () => number;
}

/** Messages this close together travel as one, ms. */
const gatherMs = 2;
/** What is said in one such moment at most; beyond it is dropped, as anything may be. */
const mostAtOnce = 2_000;
const beatMs = 1_000;
/** Without an own beat for this long the bus counts as down, ms. */
const deafAfterMs = 2_500;
const goodbyeMs = 500;

const packet = z.object({ h: z.string(), m: z.array(z.tuple([z.string(), z.unknown()])).max(mostAtOnce) });

/**
 * The bus over Redis' publish and subscribe. Each hub says something to itself every second; that it is heard is the one
 * proof that messages pass, whatever the connections look like. While it is not, messages are dropped, not stored.
 */
export class RedisBus implements WatchedBus {
  readonly #options: RedisBusOptions;
  readonly #publisher: RedisClient;
  readonly #subscriber: RedisClient;
  readonly #channel: string;
  readonly #ownBeat: string;
  readonly #listeners = new Map<string, ((message: unknown) => void)[]>();
  readonly #upListeners: (() => void)[] = [];
  readonly #beat: NodeJS.Timeout;
  #gathered: [string, BusMessage][] = [];
  #timer: NodeJS.Timeout | null = null;
  #heardAt = -Infinity;

  constructor(options: RedisBusOptions) {
    this.#options = options;
    this.#channel = `${options.prefix}bus`;
    this.#ownBeat = `${options.prefix}beat:${options.hub}`;
    this.#publisher = openRedis(options.url, 'bus-out', options.log);
    this.#subscriber = openRedis(options.url, 'bus-in', options.log);
    this.#subscriber.on('ready', () => void this.#subscribe());
    this.#beat = setInterval(() => this.#pulse(), beatMs);
    this.#beat.unref();
    this.#publisher.on('ready', () => this.#pulse());
    options.metrics.watchBus(() => this.state === 'up');
  }

  get state(): BusState {
    return this.#options.now() - this.#heardAt < deafAfterMs ? 'up' : 'down';
  }

  get prefix(): string {
    return this.#options.prefix;
  }

  /** For other uses of Redis than messages: counters of limits. */
  get commands(): RedisClient {
    return this.#publisher;
  }

  send(topic: string, message: BusMessage): void {
    if (this.state !== 'up' || this.#gathered.length >= mostAtOnce) {
      this.#options.metrics.busMessages.inc({ outcome: 'dropped' });
      return;
    }
    this.#gathered.push([topic, message]);
    this.#timer ??= setTimeout(() => this.#flush(), gatherMs);
  }

  on(topic: string, listener: (message: unknown) => void): void {
    this.#listeners.set(topic, [...(this.#listeners.get(topic) ?? []), listener]);
  }

  onUp(listener: () => void): void {
    this.#upListeners.push(listener);
  }

  async close(): Promise<void> {
    clearInterval(this.#beat);
    if (this.#timer) this.#flush();
    const said = this.state === 'up' ? this.#publisher.close().catch(() => undefined) : undefined;
    this.#heardAt = -Infinity;
    closeRedis(this.#subscriber);
    // What was said last goes out, unless Redis hangs.
    await Promise.race([said, new Promise((resolve) => setTimeout(resolve, goodbyeMs).unref())]);
    closeRedis(this.#publisher);
  }

  #flush(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    const gathered = this.#gathered;
    this.#gathered = [];
    this.#options.metrics.busMessages.inc({ outcome: 'sent' }, gathered.length);
    this.#publish(this.#channel, JSON.stringify({ h: this.#options.hub, m: gathered }));
  }

  #pulse(): void {
    this.#publish(this.#ownBeat, '');
  }

  #publish(channel: string, message: string): void {
    if (!this.#publisher.isReady) return;
    // Lost is lost: the database has it.
    this.#publisher.publish(channel, message).catch(() => undefined);
  }

  /** Again after every connect: what was not answered before a break is not repeated by the client. */
  async #subscribe(): Promise<void> {
    try {
      await this.#subscriber.subscribe(this.#channel, this.#heard);
      await this.#subscriber.subscribe(this.#ownBeat, this.#heardBeat);
      this.#pulse();
    } catch {
      // The connection broke again; the next one asks again.
    }
  }

  readonly #heardBeat = (): void => {
    const was = this.state;
    this.#heardAt = this.#options.now();
    if (was !== 'up') for (const listener of this.#upListeners) this.#safely(() => listener());
  };

  readonly #heard = (text: string): void => {
    this.#safely(() => {
      const parsed = packet.safeParse(JSON.parse(text));
      if (!parsed.success || parsed.data.h === this.#options.hub) return;
      this.#options.metrics.busMessages.inc({ outcome: 'heard' }, parsed.data.m.length);
      for (const [topic, message] of parsed.data.m) {
        for (const listener of this.#listeners.get(topic) ?? []) this.#safely(() => listener(message));
      }
    });
  };

  #safely(act: () => void): void {
    try {
      act();
    } catch (error) {
      this.#options.log.warn({ err: error }, 'a message of another hub was not understood');
    }
  }
}
