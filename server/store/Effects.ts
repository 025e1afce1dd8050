import type { Collection, Db } from 'mongodb';
import { DoneMarks } from './DoneMarks.ts';
import type { Logger } from '../support/logger.ts';
import type { Doc } from './mongo.ts';
import { effectLeaseMs, storedEvent, type StoredEffect, type StoredEvent } from './streams/log.ts';

/** What an effect's handler is given: the stored event that caused it and the effect's own data. */
export interface EffectContext {
  readonly event: StoredEvent;
  readonly effect: StoredEffect;
}

/**
 * Carries one kind of effect out. Must be idempotent by `effect.id` (it runs again when the process dies between doing
 * and noting it): rest it on a unique key or a conditional update.
 */
export type EffectHandler = (context: EffectContext) => Promise<void>;

export interface EffectsOptions {
  readonly db: Db;
  readonly now: () => number;
  readonly log: Logger;
  readonly onOutcome?: (kind: string, outcome: 'done' | 'retry' | 'dead') => void;
}

const maxAttempts = 12;
const backoffMs = (attempts: number): number => Math.min(60_000, 500 * 2 ** attempts);

/**
 * Runs the side effects that are stored inside events: at once after the commit, and again by {@link Effects.sweep}
 * for those whose process died. Done, or dead after many tries (then an admin must look), never forgotten.
 */
export class Effects {
  readonly #events: Collection<Doc>;
  readonly #marks: DoneMarks;
  readonly #options: EffectsOptions;
  readonly #handlers = new Map<string, EffectHandler>();
  readonly #running = new Set<Promise<void>>();

  constructor(options: EffectsOptions) {
    this.#options = options;
    this.#events = options.db.collection<Doc>('events');
    this.#marks = new DoneMarks(this.#events);
  }

  on(kind: string, handler: EffectHandler): void {
    if (this.#handlers.has(kind)) throw new Error(`two handlers for effect ${kind}`);
    this.#handlers.set(kind, handler);
  }

  /** Starts the effects of events just committed by this hub, which has had the lease since; does not wait. */
  drain(events: readonly StoredEvent[]): void {
    for (const event of events) this.#track(this.#carryOut(event));
  }

  /** Takes up effects that are due, of any hub. Returns how many events were looked at. */
  async sweep(limit = 100): Promise<number> {
    const due = await this.#events
      .find({ due: { $lt: this.#options.now() } })
      .sort({ due: 1 })
      .limit(limit)
      .toArray();
    await Promise.all(due.map((doc) => this.#attempt(storedEvent.parse(doc))));
    return due.length;
  }

  /** Waits for what is running. */
  async settle(): Promise<void> {
    while (this.#running.size > 0) await Promise.allSettled(this.#running);
  }

  #track(work: Promise<void>): void {
    const tracked = work
      .catch((error: unknown) => this.#options.log.error({ err: error }, 'effect could not be noted; the sweep will'))
      .finally(() => this.#running.delete(tracked));
    this.#running.add(tracked);
  }

  async #attempt(event: StoredEvent): Promise<void> {
    // The lease: whoever moves `due` from the value it saw owns this attempt.
    const leased = await this.#events.updateOne(
      { _id: event._id, due: event.due },
      { $set: { due: this.#options.now() + effectLeaseMs } },
    );
    if (leased.modifiedCount > 0) await this.#carryOut(event);
  }

  async #carryOut(event: StoredEvent): Promise<void> {
    const effects = [];
    for (const effect of event.effects ?? []) {
      effects.push(effect.state === 'pending' ? await this.#run(event, effect) : effect);
    }
    const attempts = Math.max(
      0,
      ...effects.filter((effect) => effect.state === 'pending').map((effect) => effect.attempts),
    );
    if (attempts === 0) return await this.#marks.note(event._id, effects);
    const due = this.#options.now() + backoffMs(attempts);
    await this.#events.updateOne({ _id: event._id }, { $set: { effects, due } });
  }

  async #run(event: StoredEvent, effect: StoredEffect): Promise<StoredEffect> {
    const attempts = effect.attempts + 1;
    try {
      const handler = this.#handlers.get(effect.kind);
      if (!handler) throw new Error(`no handler for effect ${effect.kind}`);
      await handler({ event, effect });
      this.#options.onOutcome?.(effect.kind, 'done');
      return { ...effect, attempts, state: 'done' };
    } catch (error) {
      const state = attempts >= maxAttempts ? 'dead' : 'pending';
      this.#options.onOutcome?.(effect.kind, state === 'dead' ? 'dead' : 'retry');
      this.#options.log.warn({ err: error, effect: effect.id, attempts, state }, 'effect failed');
      return { ...effect, attempts, state };
    }
  }
}
