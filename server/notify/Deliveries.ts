import type { Delivery } from '../../shared/contract/notify.ts';
import type { NoticeChannel } from '../../shared/state/notices.ts';
import type { Outcome } from '../gateways/types.ts';
import type { Repos } from '../store/Repos.ts';
import { derivedId } from '../support/ids.ts';
import type { DeliveryDoc, Message } from './documents.ts';
import { maxAttempts, retryDelay } from './rules.ts';

export interface DeliveriesDeps {
  readonly repos: Repos;
  readonly now: () => number;
  /** In [0, 1). */
  readonly random: () => number;
}

/** Whoever sends has this long; after it the sender counts as gone, ms. */
export const leaseMs = 45_000;
const keepMs = 30 * 24 * 3600_000;

export interface NewDelivery {
  readonly accountId: string;
  readonly channel: NoticeChannel;
  readonly target?: string;
  readonly notificationId: string;
  readonly message: Message;
  readonly urgent: boolean;
  readonly usefulMs: number;
  /** Not before this. */
  readonly at?: number;
}

/**
 * The outbox as a collection: what is to be sent, by whom it is being sent, and what became of it.
 * `pending` → claimed: `sending` → `sent` | `pending` again | `dead` | `unknown`.
 */
export class Deliveries {
  readonly #deps: DeliveriesDeps;
  #wake: () => void = () => undefined;

  constructor(deps: DeliveriesDeps) {
    this.#deps = deps;
  }

  /** Who is told that something may be due. */
  wakes(wake: () => void): void {
    this.#wake = wake;
  }

  /** Adds a message, once per notification, channel and target. */
  async add(one: NewDelivery): Promise<void> {
    const { accountId, channel, target = '', notificationId, message, urgent, usefulMs } = one;
    const now = this.#deps.now();
    await this.#deps.repos.deliveries.insert({
      _id: derivedId('delivery', notificationId, channel, target),
      ...{ accountId, channel, target, notificationId, message, urgent },
      state: 'pending',
      attempts: 0,
      reason: '',
      providerId: null,
      providerStatus: null,
      createdAt: now,
      updatedAt: now,
      expiresAt: now + usefulMs,
      due: Math.max(now, one.at ?? 0),
      forgetAt: new Date(now + keepMs),
    });
    this.#wake();
  }

  async due(limit: number): Promise<DeliveryDoc[]> {
    return await this.#deps.repos.deliveries.many({ due: { $lte: this.#deps.now() } }, { sort: { due: 1 }, limit });
  }

  /** Takes a message to send it; null when somebody else has. */
  async claim(one: DeliveryDoc): Promise<DeliveryDoc | null> {
    const now = this.#deps.now();
    const change = { state: 'sending', attempts: one.attempts + 1, due: now + leaseMs, updatedAt: now } as const;
    const mine = await this.#deps.repos.deliveries.update(
      { _id: one._id, state: one.state, due: one.due, attempts: one.attempts },
      { $set: change },
    );
    return mine ? { ...one, ...change } : null;
  }

  /** Puts a message off without counting a try: its provider is down, as others found out. */
  async postpone(one: DeliveryDoc, until: number): Promise<void> {
    await this.#deps.repos.deliveries.update(
      { _id: one._id, state: one.state, due: one.due, attempts: one.attempts },
      { $set: { due: until } },
    );
  }

  /** Notes what became of a claimed message. Returns when to look again, UTC ms, or null. */
  async note(one: DeliveryDoc, outcome: Outcome): Promise<number | null> {
    const now = this.#deps.now();
    if (outcome.kind === 'sent') {
      await this.#end(one, { state: 'sent', reason: '', providerId: outcome.providerId });
      return null;
    }
    if (outcome.kind === 'refused') {
      await this.#end(one, { state: 'dead', reason: outcome.reason });
      return null;
    }
    // Nobody knows whether it arrived. Said twice is better than not at all only where it is urgent.
    if (outcome.kind === 'unknown' && !one.urgent) {
      await this.#end(one, { state: 'unknown', reason: outcome.reason });
      return null;
    }
    const afterMs = outcome.kind === 'retry' ? outcome.afterMs : undefined;
    const due = now + retryDelay(one.attempts, afterMs, this.#deps.random());
    if (one.attempts >= maxAttempts || due >= one.expiresAt) {
      await this.#end(one, { state: 'dead', reason: outcome.reason });
      return null;
    }
    await this.#deps.repos.deliveries.update(
      { _id: one._id, state: 'sending', due: one.due },
      { $set: { state: 'pending', reason: outcome.reason, due, updatedAt: now } },
    );
    return due;
  }

  /** It is of no use (any more): read meanwhile, replaced, too late. */
  async drop(one: DeliveryDoc, reason: string): Promise<void> {
    await this.#end(one, { state: 'discarded', reason });
  }

  /** Its sender is gone and nobody knows how far it came. */
  async lost(one: DeliveryDoc): Promise<void> {
    await this.#end(one, { state: 'unknown', reason: 'process-ended' });
  }

  /** What a provider reported later. */
  async reported(deliveryId: string, providerId: string, status: string): Promise<void> {
    const failed = status === 'failed' || status === 'undelivered';
    await this.#deps.repos.deliveries.update(
      { _id: deliveryId, channel: 'sms', state: { $in: ['sent', 'sending', 'unknown'] } },
      {
        $set: { providerStatus: status, providerId, ...(failed ? { state: 'dead', reason: `sms-${status}` } : {}) },
        ...(failed ? { $unset: { due: '' } } : {}),
      },
    );
  }

  /** What an admin must look at, newest first. */
  async troubled(limit: number): Promise<Delivery[]> {
    const found = await this.#deps.repos.deliveries.many(
      { state: { $in: ['dead', 'unknown'] } },
      { sort: { updatedAt: -1 }, limit },
    );
    return found.map(({ _id: id, message, channel, state, reason, attempts, createdAt, updatedAt, providerId }) => {
      return { id, kind: message.kind, channel, state, reason, attempts, createdAt, updatedAt, providerId };
    });
  }

  /** Sends a message again that was given up; with the time it had at first. False when there is no such. */
  async retry(deliveryId: string): Promise<boolean> {
    const now = this.#deps.now();
    const one = await this.#deps.repos.deliveries.get(deliveryId);
    if (!one) return false;
    const again = {
      state: 'pending',
      attempts: 0,
      due: now,
      updatedAt: now,
      expiresAt: now + one.expiresAt - one.createdAt,
    };
    const done = await this.#deps.repos.deliveries.update(
      { _id: deliveryId, state: { $in: ['dead', 'unknown'] } },
      { $set: again },
    );
    if (done) this.#wake();
    return done;
  }

  async discard(deliveryId: string): Promise<boolean> {
    return await this.#deps.repos.deliveries.update(
      { _id: deliveryId, state: { $in: ['dead', 'unknown'] } },
      { $set: { state: 'discarded', updatedAt: this.#deps.now() } },
    );
  }

  async #end(
    one: DeliveryDoc,
    change: Pick<DeliveryDoc, 'state' | 'reason'> & Partial<Pick<DeliveryDoc, 'providerId'>>,
  ): Promise<void> {
    await this.#deps.repos.deliveries.update(
      { _id: one._id, state: one.state, due: one.due },
      { $set: { ...change, updatedAt: this.#deps.now() }, $unset: { due: '' } },
    );
  }
}
